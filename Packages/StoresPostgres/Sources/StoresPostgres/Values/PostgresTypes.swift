import StoresCore

/// The types of parameters by their OIDs: those that are built in are fixed, those of extensions are looked up.
struct PostgresTypes: Sendable, Hashable {
    /// pgvector's types in this database; nil without the extension.
    var vector: UInt32?
    var vectorArray: UInt32?
    var halfvec: UInt32?
    var halfvecArray: UInt32?
    /// For example `0.8.5`.
    var vectorVersion: String?

    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802
    static let xid8: UInt32 = 5069
    static let boolArray: UInt32 = 1000
    static let byteaArray: UInt32 = 1001
    static let int2Array: UInt32 = 1005
    static let int4Array: UInt32 = 1007
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let float4Array: UInt32 = 1021
    static let float8Array: UInt32 = 1022
    static let jsonbArray: UInt32 = 3807
    static let xid8Array: UInt32 = 271

    /// The OID that goes with a parameter.
    ///
    /// - Throws: `unsupported` for a type of an extension that the database has not.
    func oid(of parameter: PostgresParameter) throws(StoreError) -> UInt32 {
        switch parameter {
        case .bool: Self.bool
        case .int2: Self.int2
        case .int4: Self.int4
        case .int8: Self.int8
        case .float4: Self.float4
        case .float8: Self.float8
        case .text: Self.text
        case .bytes: Self.bytea
        case .jsonb: Self.jsonb
        case .uuid: Self.uuid
        case .xid8: Self.xid8
        case .boolArray: Self.boolArray
        case .int2Array: Self.int2Array
        case .int4Array: Self.int4Array
        case .int8Array: Self.int8Array
        case .float4Array: Self.float4Array
        case .float8Array: Self.float8Array
        case .textArray: Self.textArray
        case .bytesArray: Self.byteaArray
        case .jsonbArray: Self.jsonbArray
        case .xid8Array: Self.xid8Array
        case .vector: try Self.found(vector, "vector")
        case .halfvec: try Self.found(halfvec, "halfvec")
        case .vectorArray: try Self.found(vectorArray, "vector[]")
        case .halfvecArray: try Self.found(halfvecArray, "halfvec[]")
        }
    }

    private static func found(_ oid: UInt32?, _ name: String) throws(StoreError) -> UInt32 {
        guard let oid else {
            throw StoreError(
                .unsupported, "the database has no type \(name)",
                remedy: "install pgvector 0.7 or later and run CREATE EXTENSION vector as a user who may", applied: .no)
        }
        return oid
    }
}
