import StoresCore

/// What a run remembers of itself between processes. Which documents are done is not in it: that is what the facts
/// about them say, each of which is the last write of its document.
struct DemoState: Sendable, Hashable {
    /// 1 for the first run; part of the names of its events.
    var number: Int64
    /// Processes that have worked on it.
    var attempts: Int64 = 1
    /// Documents taken in or removed so far, for people.
    var done: Int64 = 0
    /// Questions whose traces are written.
    var questions: Int64 = 0
    /// The counter of questions when the next one is yet to be counted: tells whether that was done.
    var counter: Int64 = 0

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.append([
            "number": .int(number), "attempts": .int(attempts), "done": .int(done), "questions": .int(questions),
            "counter": .int(counter),
        ])
        return writer.bytes
    }

    init(number: Int64) {
        self.number = number
    }

    init(json: [UInt8]) throws(StoreError) {
        var fields = try JSONFields(try JSONReader.value(from: json), "the state of the run")
        guard let number = try fields.int("number") else { throw fields.error("number is missing") }
        self.init(number: number)
        attempts = try fields.int("attempts") ?? 1
        done = try fields.int("done") ?? 0
        questions = try fields.int("questions") ?? 0
        counter = try fields.int("counter") ?? 0
    }
}
