import ArgumentParser
import StoresCore

struct ArtifactPresign: TierVerb {
    static let tier = Tier.artifact
    static let configuration = CommandConfiguration(
        commandName: "presign", abstract: "A request that any HTTP client can send until it expires.",
        discussion: """
            Out: {"method","url","headers":{…},"expiresAt"}; the headers must be sent as they are.

            stores artifact presign get reports/2026.pdf --expires 15m
            """)

    @Argument(help: "get, put or delete.")
    var method: MethodArgument

    @Argument(help: "The key.")
    var key: String

    @Option(help: "1s to 7d.")
    var expires: DurationArgument

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let request = try await stores.artifact.presign(method.method, key, expires: expires.duration)
        try await console.emit([
            "method": .string(request.method.rawValue), "url": .string(request.url),
            "headers": request.headers.jsonValue, "expiresAt": .instant(request.expiresAt),
        ])
    }

    struct MethodArgument: ExpressibleByArgument, Sendable {
        let method: PresignedMethod

        init?(argument: String) {
            guard let method = PresignedMethod(rawValue: argument.uppercased()) else { return nil }
            self.method = method
        }
    }
}
