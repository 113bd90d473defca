import StoresCore

/// A context whose clock and ids are the test's own.
struct TestContext {
    let clock = ManualStoreClock()
    let ids = SequentialIDGenerator(prefix: "t")

    var call: CallContext { CallContext(deadline: .after(.seconds(600)), clock: clock, ids: ids) }
    var now: Timestamp { clock.now }
}

/// Names that break what splices, splits, folds or normalises.
let hostileNames = [
    "plain", "it's", "\"double\"", "100%", "a_b", "a*b", "..", "../../etc/passwd", "a\u{0}b", "\u{202E}rtl\u{200F}",
    "👩‍👩‍👧‍👦", "caf\u{E9}", "cafe\u{301}", "a.b", "a\\b", "; drop table", "\n", " ", "A", "a", "ｆｕｌｌ",
    String(repeating: "x", count: 1024),
]

extension Result where Failure == StoreError {
    var failureCode: StoreError.Code? {
        if case .failure(let error) = self { error.code } else { nil }
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func drain(_ chunks: any ArtifactChunks) async throws -> [UInt8] {
    var all: [UInt8] = []
    while let chunk = try await chunks.next() { all += chunk }
    return all
}

/// Returns when the condition holds. Between two looks it lets go of the processor, which other tests need.
func eventually(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(1)) }
}
