// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "stores-bench", targets: ["StoresBench"])],
    dependencies: [
        .package(path: "../Packages/StoresChroma"),
        .package(path: "../Packages/StoresCore"),
        .package(path: "../Packages/StoresFile"),
        .package(path: "../Packages/StoresHTTP"),
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
                .product(name: "StoresChroma", package: "StoresChroma"),
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresFile", package: "StoresFile"),
                .product(name: "StoresHTTP", package: "StoresHTTP"),
                .product(name: "StoresPostgres", package: "StoresPostgres"),
                .product(name: "StoresQdrant", package: "StoresQdrant"),
                .product(name: "StoresRedis", package: "StoresRedis"),
                .product(name: "StoresSQLite", package: "StoresSQLite"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
