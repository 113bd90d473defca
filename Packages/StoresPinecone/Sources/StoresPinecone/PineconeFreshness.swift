#if HTTP
import StoresCore
import StoresHTTP

/// When reads see a write.
///
/// Pinecone is eventually consistent (docs.pinecone.io, "Check data freshness"): the reply to a write has the number
/// of the write in its namespace's log, `x-pinecone-request-lsn`; the reply to a query the number up to which the
/// query has seen the log, `x-pinecone-max-indexed-lsn`.
enum PineconeFreshness {
    /// The number that a write got; nil where the server numbers none, as Pinecone Local.
    static func number(ofWrite reply: HTTPReply) -> UInt64? {
        reply.headers["x-pinecone-request-lsn"].flatMap { UInt64($0) }
    }

    /// Waits until queries see a write.
    ///
    /// - Parameters:
    ///   - number: Of the write. Without one there is nothing to wait for, and no knowing.
    ///   - within: The longest wait; the call's deadline bounds it too.
    /// - Returns: False when the time ran out first. The write is none the worse for it (V5).
    static func wait(
        for number: UInt64?, at site: HTTPService, _ target: VectorTarget, within: Duration, _ context: CallContext
    ) async throws(StoreError) -> Bool {
        guard let number else { return false }
        let end = min(Deadline.after(within), context.deadline)
        let inner = CallContext(
            deadline: end, clock: context.clock, ids: context.ids, attempt: context.attempt)
        var pause = PineconePause()
        do throws(StoreError) {
            while try await indexed(site, target, inner).map({ $0 < number }) ?? true {
                try await pause.wait(end, "the write to become visible", applied: .yes)
            }
            return true
        } catch  where error.code == .timeout || error.isRetryable {
            return false
        } catch {
            throw error.code == .cancelled ? .cancelled(applied: .yes) : error
        }
    }

    /// How far queries see: asked with the smallest query that there is.
    private static func indexed(_ site: HTTPService, _ target: VectorTarget, _ context: CallContext)
        async throws(StoreError) -> UInt64?
    {
        var probe = [Float](repeating: 0, count: max(1, target.collection.dimensions))
        probe[0] = 1
        var writer = JSONWriter()
        writer.raw("{\"namespace\":")
        writer.append(PineconeName.namespace(target.namespace))
        writer.raw(",\"topK\":1,\"vector\":")
        writer.append(probe)
        writer.raw("}")
        let reply = try await PineconeAPI.send(
            HTTPCall(.post, ["query"], body: writer.finish()), to: site, resource: target.collection.name,
            context: context)
        return reply.headers["x-pinecone-max-indexed-lsn"].flatMap { UInt64($0) }
    }
}
#endif
