// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// Homebrew keeps librdkafka where only pkg-config finds it; Debian has it where every compiler looks.
#if os(macOS)
let librdkafka: String? = "rdkafka"
#else
let librdkafka: String? = nil
#endif

let package = Package(
    name: "StoresKafka",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresKafka", targets: ["StoresKafka"])],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CRdKafka", pkgConfig: librdkafka, providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
        .target(
            name: "StoresKafka",
            dependencies: [
                "CRdKafka",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresKafkaConformanceTests",
            dependencies: [
                "StoresKafka",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresKafkaTests",
            dependencies: ["StoresKafka", "CRdKafka", .product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
