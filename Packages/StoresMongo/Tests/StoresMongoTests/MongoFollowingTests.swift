import StoresCore
import Testing

@testable import StoresMongo

@Suite struct MongoFollowingTests {
    private let start = MonotonicInstant.now

    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    private func begins(_ following: inout MongoFollowing, _ milliseconds: Int64, _ expected: Bool) {
        let begins = following.begins(at: at(milliseconds))
        #expect(begins == expected, "after \(milliseconds) ms")
    }

    private func refusal(_ code: Int64) -> StoreError {
        StoreError(.internal, "no", underlying: MongoNativeError(code: code, description: ""))
    }

    @Test("One is opened at a time, and hears as long as it says that it lives")
    func hearing() {
        var following = MongoFollowing()
        #expect(!following.isRunning)
        begins(&following, 0, true)
        begins(&following, 0, false)
        #expect(following.isRunning && !following.hears(at: at(0)))
        let turns = following.turns
        following.hear(at: at(10))
        #expect(following.hears(at: at(10)) && following.turns == turns + 1)
        following.hear(at: at(1000))
        #expect(following.turns == turns + 1)
        #expect(following.hears(at: at(2900)) && !following.hears(at: at(3000)))
        following.hear(at: at(3100))
        #expect(following.hears(at: at(3100)))
    }

    @Test("What nobody needs any more is opened again at once")
    func ending() {
        var following = MongoFollowing()
        _ = following.begins(at: at(0))
        following.hear(at: at(0))
        let turns = following.turns
        following.end(nil, at: at(100))
        #expect(!following.hears(at: at(100)) && following.turns == turns + 1)
        begins(&following, 100, true)
    }

    @Test("What was lost is opened again ever later, and soon again after it has held")
    func losing() {
        var following = MongoFollowing()
        var now: Int64 = 0
        for pause: Int64 in [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            begins(&following, now, true)
            following.hear(at: at(now))
            following.end(refusal(91), at: at(now))
            begins(&following, now + pause - 1, false)
            now += pause
        }
        begins(&following, now, true)
        following.hear(at: at(now))
        following.end(refusal(91), at: at(now + 11_000))
        begins(&following, now + 11_250, true)
        #expect(following.refusal == nil)
    }

    @Test("A server that has none is not asked again", arguments: MongoFollowing.refusals)
    func refusing(_ code: Int64) {
        var following = MongoFollowing()
        _ = following.begins(at: at(0))
        following.end(refusal(code), at: at(0))
        #expect(following.refusal == code && !following.isRunning)
        begins(&following, 1_000_000, false)
    }
}
