import ArgumentParser
import StoresCore

/// How long a written entry lives: one of the three. Nothing is implicit: a verb demands it, or lines that say it.
struct ExpiryOptions: ParsableArguments {
    @Option(help: "It lives this long from now: 500ms, 30s, 2h.")
    var ttl: DurationArgument?

    @Flag(help: "It lives as long as before; a new one for ever.")
    var keep = false

    @Flag(help: "It lives for ever.")
    var never = false

    func validate() throws {
        guard [ttl != nil, keep, never].count(where: { $0 }) <= 1 else {
            throw ValidationError("give one of --ttl, --keep and --never")
        }
    }

    var expiry: Expiry? { ttl.map { .after($0.duration) } ?? (keep ? .keep : never ? .never : nil) }

    /// - Throws: `ValidationError` when nothing was said.
    @discardableResult func required() throws -> Expiry {
        guard let expiry else {
            throw ValidationError("say how long it lives, with one of --ttl, --keep and --never")
        }
        return expiry
    }
}

extension Expiry {
    /// `"keep"`, `"never"` or a duration such as `"30s"`.
    init?(text: String) {
        switch text {
        case "keep": self = .keep
        case "never": self = .never
        default:
            guard let argument = DurationArgument(argument: text) else { return nil }
            self = .after(argument.duration)
        }
    }
}
