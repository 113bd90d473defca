@testable import StoresCore

/// The in-memory driver with one defect.
struct BrokenVectorDriver: HybridVectorDriver {
    let inner: any TextVectorDriver
    let defect: VectorDefect?
    let state: BrokenState

    init(inner: any TextVectorDriver, defect: String) {
        self.inner = inner
        self.defect = VectorDefect(rawValue: defect)
        state = BrokenState(defect)
    }

    // MARK: Collections

    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        switch defect {
        case .shapeIgnored:
            do throws(StoreError) {
                return try await inner.ensureCollection(spec, mode: mode, context: context)
            } catch {
                return spec
            }
        case .errorsOnTwoLines:
            do throws(StoreError) {
                return try await inner.ensureCollection(spec, mode: mode, context: context)
            } catch {
                throw StoreError(error.code, "\(error.message)\nDETAIL: row", conflict: error.conflict)
            }
        case .ensureEmpties:
            _ = try await inner.dropCollection(spec.name, context: context)
            return try await inner.ensureCollection(spec, mode: mode, context: context)
        case .verifyCreates: return try await inner.ensureCollection(spec, mode: .create, context: context)
        default: return try await inner.ensureCollection(broken(spec), mode: mode, context: context)
        }
    }

    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        let all = try await inner.collections(context: context)
        return defect == .listingUnsorted ? all.reversed() : all
    }

    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        guard defect == .dropKeepsRecords else {
            return try await inner.dropCollection(
                defect == .namesCaseFolded ? name.lowercased() : name, context: context)
        }
        return true
    }

    // MARK: Records

    func upsert(_ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext)
        async throws(StoreError) -> WriteReceipt
    {
        try await state.take()
        let target = broken(target)
        var records = records
        switch defect {
        case .upsertMerges:
            for index in records.indices {
                let old = try await inner.get([records[index].id], from: target, include: .all, context: context).first
                records[index].metadata.merge(old?.metadata ?? [:]) { new, _ in new }
            }
        case .firstWins:
            let found = try await inner.get(records.map(\.id), from: target, include: [], context: context)
            let known = Set(found.map(\.id))
            let all = records.map(\.id)
            records = records.filter { !known.contains($0.id) }
            _ = try await inner.upsert(records, into: target, visibility: visibility, context: context)
            return WriteReceipt(result: BulkResult(succeeded: all), isSearchable: true)
        case .duplicatesStay:
            // As many rows as ids were given over time.
            records += records.map { VectorRecord(id: $0.id + "+", vector: $0.vector, metadata: $0.metadata) }
        case .documentLost:
            for index in records.indices { records[index].document = nil }
        case .vectorsRounded:
            for index in records.indices {
                records[index].vector = records[index].vector.map { ($0 * 1024).rounded() / 1024 }
            }
        case .vectorsReversed:
            for index in records.indices { records[index].vector = records[index].vector.map { -$0 } }
        case .metadataFlattened:
            for index in records.indices {
                records[index].metadata = records[index].metadata.mapValues { value in
                    if case .instant(let instant) = value { .string(instant.description) } else { value }
                }
            }
        case .failureSwallowed:
            let all = records.map(\.id)
            _ = try await inner.upsert(
                Array(records.prefix(1000)), into: target, visibility: visibility, context: context)
            return WriteReceipt(result: BulkResult(succeeded: all), isSearchable: true)
        case .receiptLies, .acceptedLost:
            if defect == .receiptLies || visibility == .accepted {
                return WriteReceipt(result: BulkResult(succeeded: records.map(\.id)), isSearchable: true)
            }
        case .idsCaseFolded, .idsNormalised:
            for index in records.indices { records[index].id = folded(records[index].id) }
        default: break
        }
        return try await inner.upsert(records, into: target, visibility: visibility, context: context)
    }

    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        try await inner.get(
            ids.map(folded), from: broken(target), include: defect == .everythingIncluded ? .all : include,
            context: context)
    }

    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        let target = broken(target)
        switch (defect, selection) {
        case (.deleteIgnoresNamespace, _):
            var other = target
            other.namespace = target.namespace == "default" ? "other" : "default"
            _ = try await inner.delete(selection, from: other, context: context)
            for name in ["a", "b", "one", "two", "t1", "t2"] {
                other.namespace = name
                _ = try await inner.delete(selection, from: other, context: context)
            }
        case (.deleteStopsAtThousand, .filter(let filter)):
            let page = try await inner.scroll(
                VectorScroll(filter: filter, limit: 1000, include: []), in: target, context: context)
            return try await inner.delete(.ids(page.items.map(\.id)), from: target, context: context)
        case (.deleteIgnoresFilter, .filter): return try await inner.delete(.all, from: target, context: context)
        case (.deleteCountsAsked, .ids(let ids)):
            _ = try await inner.delete(selection, from: target, context: context)
            return ids.count
        case (.deleteMissingThrows, .ids(let ids)):
            let count = try await inner.delete(selection, from: target, context: context)
            guard count == ids.count else { throw StoreError(.notFound, "an id is missing") }
            return count
        case (.deleteAllKeepsSome, .all):
            let page = try await inner.scroll(VectorScroll(limit: 1, include: []), in: target, context: context)
            return try await inner.delete(.ids(page.items.map(\.id)), from: target, context: context)
        case (_, .ids(let ids)):
            return try await inner.delete(.ids(ids.map(folded)), from: target, context: context)
        case (_, .filter(let filter)):
            return try await inner.delete(.filter(broken(filter)), from: target, context: context)
        default: break
        }
        return try await inner.delete(selection, from: target, context: context)
    }

    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError) -> Int {
        try await inner.count(where: filter.map(broken), in: broken(target), context: context)
    }

    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
    {
        var request = request
        request.filter = defect == .scrollIgnoresFilter ? nil : request.filter.map(broken)
        if defect == .everythingIncluded { request.include = .all }
        var page = try await inner.scroll(request, in: broken(target), context: context)
        switch defect {
        case .scrollRepeats: if let first = page.items.first { page.items.append(first) }
        case .scrollSkips: if page.items.count > 1 { page.items.removeLast() }
        case .scrollStopsEarly: page.next = nil
        default: break
        }
        return page
    }
}
