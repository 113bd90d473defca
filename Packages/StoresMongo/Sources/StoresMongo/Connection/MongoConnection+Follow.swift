import CMongoC
import Dispatch
import StoresCore

extension MongoConnection {
    /// Follows what is inserted into a collection from now on: a change stream, of whose events only the keys are sent.
    /// It holds the thread until `body` returns false.
    ///
    /// - Parameters:
    ///   - wait: How long the server waits for something to come before it answers.
    ///   - body: Called with nil once the change stream is open, then with each `_id` that is a number, and with nil
    ///     whenever nothing came for as long as the server waits.
    /// - Throws: What the server refuses, and what libmongoc, which repairs what it can, did not repair.
    func follow(_ collection: MongoCollection, wait: Duration, _ body: (Int64?) -> Bool) throws(StoreError) {
        let stages: BSONDocument = [
            "pipeline": [["$match": ["operationType": "insert"]], ["$project": ["documentKey": .int32(1)]]]
        ]
        let pipeline = stages.encoded
        let stream = stores_mongo_watch(
            client, database, name(collection), pipeline, pipeline.count, wait.wholeMilliseconds)
        guard let stream else { throw StoreError(.internal, "libmongoc refused a change stream", applied: .no) }
        defer { mongoc_change_stream_destroy(stream) }
        var failure = stores_mongo_failure()
        if stores_mongo_stream_failed(stream, &failure) { throw .mongo(failure, writes: false, configuration) }
        var goesOn = body(nil)
        while goesOn {
            let asked = MonotonicInstant.now
            var start: UnsafePointer<UInt8>?
            var count = 0
            if stores_mongo_change(stream, &start, &count) {
                let change = try BSONDocument(decoding: UnsafeRawBufferPointer(start: start, count: count))
                if let number = change["documentKey"]?.document?["_id"]?.integer { goesOn = body(number) }
            } else if stores_mongo_stream_failed(stream, &failure) {
                throw .mongo(failure, writes: false, configuration)
            } else {
                goesOn = body(nil)
                // A server that does not wait is not asked without a pause.
                if goesOn, asked.duration(to: .now) < wait / 4 {
                    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(50))
                }
            }
        }
    }
}
