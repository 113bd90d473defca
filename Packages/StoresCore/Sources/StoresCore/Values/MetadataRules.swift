public enum MetadataRules { public static func validate(_ metadata: Metadata, declared: [FieldDefinition] = [], record: String? = nil) throws(StoreError) {} }
extension Filter { public func validate(declared: [FieldDefinition] = [], maxOperands: Int? = nil, allowsNestedFields: Bool = true) throws(StoreError) {} }
