import ArgumentParser
import StoresCore

/// The bytes of a value: from an option, or stdin.
struct ValueOptions: ParsableArguments {
    @Option(help: "The value, as text.")
    var text: String?

    @Option(help: "The value, as JSON; kept in the form that JSON output has.")
    var json: String?

    @Option(help: "The value, in base64.")
    var base64: String?

    func validate() throws {
        guard [text, json, base64].count(where: { $0 != nil }) <= 1 else {
            throw ValidationError("give one of --text, --json and --base64, or the value on stdin")
        }
    }

    /// Whether the value is not to come from stdin.
    var isGiven: Bool { text != nil || json != nil || base64 != nil }

    /// What was given, and the content type that goes with it.
    func bytes(_ input: Input) async throws -> (bytes: [UInt8], contentType: String) {
        if let text { return (Array(text.utf8), "text/plain; charset=utf-8") }
        if let json {
            var writer = JSONWriter()
            do throws(StoreError) {
                writer.append(try JSONReader.value(from: json))
            } catch {
                throw StoreError.invalidArgument("--json: \(error.message)")
            }
            return (writer.bytes, "application/json")
        }
        if let base64 {
            guard let bytes = Base64.decode(base64) else { throw StoreError.invalidArgument("--base64 is not base64") }
            return (bytes, "application/octet-stream")
        }
        return (try await input.all(), "application/octet-stream")
    }
}
