extension TierRuntime {
    /// The pieces of a batch, by the declared limits of count and bytes.
    func split(_ count: Int, size: (Int) -> Int) -> [Range<Int>] {
        BatchSplitter.split(
            count: count, maxCount: capabilities.limits[.batchCount], maxBytes: capabilities.limits[.batchBytes],
            size: size)
    }

    /// Writes a batch piece by piece, or several pieces at once where the backend declares it. A piece that fails as a
    /// whole becomes the failure of each of its ids, so that the caller learns what stands; when there is one piece
    /// alone, its error is thrown.
    func bulkWrite(
        _ operation: String, _ collection: String?, ids: [String], size: (Int) -> Int, deadline: Deadline?,
        isIdempotent: Bool = true,
        _ write: @escaping @Sendable (Range<Int>, CallContext) async throws(StoreError) -> WriteReceipt
    ) async throws(StoreError) -> WriteReceipt {
        let deadline = deadline ?? .after(options.timeout)
        let pieces = split(ids.count, size: size)
        let outcomes = await outcomes(of: pieces) { range in
            do throws(StoreError) {
                return .success(
                    try await self.call(operation, collection, deadline: deadline, isIdempotent: isIdempotent) {
                        context throws(StoreError) in
                        try await write(range, context)
                    })
            } catch {
                return .failure(error)
            }
        }
        var receipt = WriteReceipt(result: BulkResult(), isSearchable: true)
        for (range, outcome) in zip(pieces, outcomes) {
            switch outcome {
            case .success(let part):
                receipt.result.succeeded += part.result.succeeded
                receipt.result.failed += part.result.failed.map {
                    BulkFailure(id: $0.id, error: complete($0.error, operation, $0.id))
                }
                receipt.isSearchable = receipt.isSearchable && part.isSearchable
            case .failure(let error):
                guard pieces.count > 1 else { throw error }
                receipt.result.failed += ids[range].map { BulkFailure(id: $0, error: error) }
                receipt.isSearchable = false
            }
        }
        telemetry.countItems(operation, collection, receipt.result)
        return receipt
    }

    private typealias Outcome = Result<WriteReceipt, StoreError>

    /// What became of each piece, in their order.
    private func outcomes(
        of pieces: [Range<Int>], _ write: @escaping @Sendable (Range<Int>) async -> Outcome
    ) async -> [Outcome] {
        let width = min(pieces.count, capabilities.limits[.batchesAtOnce] ?? 1)
        guard width > 1 else {
            var outcomes: [Outcome] = []
            for range in pieces { outcomes.append(await write(range)) }
            return outcomes
        }
        return await withTaskGroup(of: (index: Int, outcome: Outcome).self) { group in
            var found: [(index: Int, outcome: Outcome)] = []
            for (index, range) in pieces.enumerated() {
                if index >= width, let done = await group.next() { found.append(done) }
                group.addTask { (index, await write(range)) }
            }
            for await done in group { found.append(done) }
            return found.sorted { $0.index < $1.index }.map(\.outcome)
        }
    }

    /// Deletes piece by piece under one deadline; how many were there.
    ///
    /// - Throws: The first piece's failure, with `applied` raised to `unknown` when pieces before it took effect.
    func bulkDelete(
        _ operation: String, _ collection: String?, _ ids: [String], deadline: Deadline?,
        _ delete: ([String], CallContext) async throws(StoreError) -> Int
    ) async throws(StoreError) -> Int {
        let deadline = deadline ?? .after(options.timeout)
        let ids = ids.lastOfEach(by: \.self)
        var count = 0
        for range in split(ids.count, size: { ids[$0].utf8.count }) {
            do throws(StoreError) {
                count += try await call(operation, collection, deadline: deadline, isIdempotent: false) {
                    context throws(StoreError) in
                    try await delete(Array(ids[range]), context)
                }
            } catch {
                throw count > 0 ? error.replacing(applied: .unknown) : error
            }
        }
        return count
    }

    /// Reads by id piece by piece under one deadline, in the order asked for.
    func bulkRead<T>(
        _ operation: String, _ collection: String?, _ ids: [String], deadline: Deadline?,
        _ read: ([String], CallContext) async throws(StoreError) -> [T]
    ) async throws(StoreError) -> [T] {
        let deadline = deadline ?? .after(options.timeout)
        var found: [T] = []
        for range in split(ids.count, size: { ids[$0].utf8.count }) {
            found += try await call(operation, collection, deadline: deadline, isIdempotent: true) {
                context throws(StoreError) in
                try await read(Array(ids[range]), context)
            }
        }
        return found
    }

    func checkConfirmation(_ confirming: String, _ name: String, _ operation: String) throws(StoreError) {
        guard confirming.utf8.elementsEqual(name.utf8) else {
            throw refuse("confirming is the name itself", operation, resource: name)
        }
    }

    /// An empty filter is one that says nothing about any field, or is true whatever the fields are (V10).
    func checkNotEmpty(_ filter: Filter, _ operation: String, alternative: String) throws(StoreError) {
        guard !filter.mentionsField || filter.constant == true else { return }
        throw refuse("the filter is empty or always true; \(alternative) removes everything", operation)
    }

    /// A driver that answers fewer items than it was asked.
    func missingAnswer(_ operation: String) -> StoreError {
        complete(StoreError(.internal, "the driver gave no answer for an item", applied: .unknown), operation)
    }

    func ping(deadline: Deadline?) async throws(StoreError) -> BackendStatus {
        try await call("ping", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await backend.ping(context: context)
        }
    }

    func native<Native: Sendable>(as type: Native.Type) throws(StoreError) -> Native {
        guard let native = backend.native as? Native else {
            throw complete(
                StoreError(
                    .unsupported, "the native handle is a \(Swift.type(of: backend.native)), not a \(Native.self)"),
                "withNative")
        }
        return native
    }
}

extension Filter {
    /// Whether any node tests a field.
    var mentionsField: Bool { path != nil || children.contains(where: \.mentionsField) }

    /// What it is of every record, where empty lists decide that (F3); nil when it depends on the record, as far as
    /// its form tells.
    var constant: Bool? {
        switch self {
        case .and(let children):
            let parts = children.map(\.constant)
            return parts.contains(false) ? false : parts.allSatisfy { $0 == true } ? true : nil
        case .or(let children):
            let parts = children.map(\.constant)
            return parts.contains(true) ? true : parts.allSatisfy { $0 == false } ? false : nil
        case .not(let child): return child.constant.map { !$0 }
        case .in(_, let values), .containsAny(_, let values): return values.isEmpty ? false : nil
        case .notIn(_, let values), .containsAll(_, let values): return values.isEmpty ? true : nil
        default: return nil
        }
    }
}

extension Array {
    /// Without the elements whose id occurs again later, in the order of the last occurrences (V4).
    func lastOfEach(by id: (Element) -> String) -> [Element] {
        var seen: Set<ByteKey> = []
        seen.reserveCapacity(count)
        for element in self { seen.insert(ByteKey(id(element))) }
        // Nearly always there is nothing to drop, and nothing to copy.
        guard seen.count < count else { return self }
        seen.removeAll(keepingCapacity: true)
        var result: [Element] = []
        result.reserveCapacity(count)
        for element in reversed() where seen.insert(ByteKey(id(element))).inserted { result.append(element) }
        result.reverse()
        return result
    }
}

extension VectorRecord {
    /// What it takes on a wire, roughly: floats as text are about 11 bytes.
    var estimatedBytes: Int {
        64 + id.utf8.count + vector.count * 11 + (document?.utf8.count ?? 0)
            + metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.estimatedBytes + 4 }
    }
}

extension Value {
    /// The length of its JSON text, roughly.
    var estimatedBytes: Int {
        switch self {
        case .null, .bool: 5
        case .int, .double: 20
        case .string(let text): text.utf8.count + 2
        case .instant: 40
        case .array(let values): values.reduce(2) { $0 + $1.estimatedBytes + 1 }
        case .object(let fields): fields.reduce(2) { $0 + $1.key.utf8.count + $1.value.estimatedBytes + 4 }
        }
    }
}
