// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "StoresRedis",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresRedis", targets: ["StoresRedis"])],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    ],
    targets: [
        // Without pkgConfig: that of hiredis has a flag which SwiftPM warns of, to everybody who builds any adapter.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
        .target(
            name: "StoresRedis",
            dependencies: [
                "CHiredis",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresRedisConformanceTests",
            dependencies: [
                "StoresRedis",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresRedisTests",
            dependencies: ["StoresRedis", .product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
