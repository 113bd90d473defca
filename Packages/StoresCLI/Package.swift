// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "StoresCLI",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "stores", targets: ["stores"]),
        .library(name: "StoresCommand", targets: ["StoresCommand"]),
    ],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(path: "../StoresFile"),
        .package(path: "../StoresPostgres"),
        .package(path: "../StoresRedis"),
        .package(path: "../StoresSQLite"),
        .package(path: "../StoresChroma"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    ],
    targets: [
        .target(
            name: "StoresCommand",
            dependencies: [
                "StoresCore",
                "StoresConformance",
                "StoresFile",
                "StoresPostgres",
                "StoresRedis",
                "StoresSQLite",
                "StoresChroma",
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
