import ArgumentParser
import StoresCore

/// What a write demands of what is there.
struct ConditionOptions: ParsableArguments {
    @Flag(help: "Only when there is nothing.")
    var ifAbsent = false

    @Option(help: "Only when this etag is there.")
    var ifMatch: String?

    func validate() throws {
        if ifAbsent, ifMatch != nil { throw ValidationError("give one of --if-absent and --if-match") }
    }

    var session: SessionCondition { ifMatch.map { .ifMatch($0) } ?? (ifAbsent ? .ifAbsent : .none) }
    var artifact: ArtifactCondition { ifMatch.map { .ifMatch($0) } ?? (ifAbsent ? .ifAbsent : .none) }
}
