// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// What each trait adds; all of them are on by default. Without one, neither its packages nor what they need is built.
//
//     swift build -c release --package-path Benchmarks --disable-default-traits --traits Redis
let adapters = [
    "HTTP": ["StoresHTTP", "StoresChroma", "StoresQdrant"],
    "Kafka": ["StoresKafka"],
    "Mongo": ["StoresMongo"],
    "Postgres": ["StoresPostgres"],
    "Redis": ["StoresRedis"],
    "SQLite": ["StoresSQLite"],
]

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "stores-bench", targets: ["StoresBench"])],
    traits: Set(
        adapters.map { .trait(name: $0.key, description: $0.value.joined(separator: ", ")) }
            + [.default(enabledTraits: Set(adapters.keys))]),
    dependencies: [
        .package(path: "../Packages/StoresChroma"),
        .package(path: "../Packages/StoresCore"),
        .package(path: "../Packages/StoresFile"),
        .package(path: "../Packages/StoresHTTP"),
        .package(path: "../Packages/StoresKafka"),
        .package(path: "../Packages/StoresMongo"),
        .package(path: "../Packages/StoresPostgres"),
        .package(path: "../Packages/StoresQdrant"),
        .package(path: "../Packages/StoresRedis"),
        .package(path: "../Packages/StoresSQLite"),
    ],
    targets: [
        // Counts allocations, and reads what the C library knows of memory. In the executable, never in a library.
        .target(name: "CMeasure"),
        .executableTarget(
            name: "StoresBench",
            dependencies: [
                "CMeasure",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresFile", package: "StoresFile"),
            ]
                + adapters.flatMap { trait, packages in
                    packages.map { .product(name: $0, package: $0, condition: .when(traits: [trait])) }
                },
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
