// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// The embedded adapters are always linked. Each of the others has a trait, all of them on by default: without it
// neither the adapter nor what it needs is fetched, built or looked for.
//
//     swift build --package-path Packages/StoresCLI --traits Postgres,Redis
//     swift build --package-path Packages/StoresCLI --disable-default-traits
let servers = ["Chroma", "Kafka", "Mongo", "Pinecone", "Postgres", "Qdrant", "Redis", "Weaviate"]

func server(_ name: String) -> Target.Dependency {
    .product(name: "Stores\(name)", package: "Stores\(name)", condition: .when(traits: [name]))
}

let package = Package(
    name: "StoresCLI",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "stores", targets: ["stores"]),
        .library(name: "StoresCommand", targets: ["StoresCommand"]),
    ],
    traits: Set(servers.map { .trait(name: $0, description: "Stores\($0)") } + [.default(enabledTraits: Set(servers))]),
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(path: "../StoresFile"),
        .package(path: "../StoresKafka"),
        .package(path: "../StoresMongo"),
        .package(path: "../StoresPostgres"),
        .package(path: "../StoresRedis"),
        .package(path: "../StoresSQLite"),
        .package(path: "../StoresChroma"),
        .package(path: "../StoresPinecone"),
        .package(path: "../StoresQdrant"),
        .package(path: "../StoresWeaviate"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    ],
    targets: [
        .target(
            name: "StoresCommand",
            dependencies: servers.map(server) + [
                "StoresCore",
                "StoresConformance",
                "StoresFile",
                "StoresSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(name: "stores", dependencies: ["StoresCommand"], swiftSettings: settings),
        .testTarget(
            name: "StoresCLITests",
            dependencies: ["StoresCommand", "StoresCore", "stores"],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
