import StoresCore
import Testing

@Suite struct AdapterRemedyTests {
    private func description(service: String?, profile: String? = nil) -> AdapterDescription {
        AdapterDescription(
            name: "probed", package: "StoresProbed", summary: "For tests.", systemName: "probed", tiers: [:],
            composeService: service, composeProfile: profile, endpointVariable: "PROBED_URL")
    }

    @Test func aServiceOfCoreNeedsNoProfile() {
        #expect(
            description(service: "redis").composeCommand
                == "docker compose -f docker-compose.backend-stores.yml up -d redis")
    }

    @Test func anAlternateIsStartedWithItsProfile() {
        #expect(
            description(service: "qdrant", profile: "vector-alt").composeCommand
                == "docker compose -f docker-compose.backend-stores.yml --profile vector-alt up -d qdrant")
    }

    @Test func withoutAServiceThereIsNoCommand() {
        #expect(description(service: nil).composeCommand == nil)
    }
}
