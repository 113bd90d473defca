// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// Homebrew keeps libpq where only pkg-config finds it; on Linux the shim does, without a word to who has no libpq.
#if os(macOS)
let libpq: String? = "libpq"
#else
let libpq: String? = nil
#endif

let package = Package(
    name: "StoresPostgres",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresPostgres", targets: ["StoresPostgres"])],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibPQ", pkgConfig: libpq, providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "StoresPostgres",
            dependencies: [
                "CLibPQ",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresPostgresTests",
            dependencies: ["StoresPostgres", "CLibPQ", .product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresPostgresConformanceTests",
            dependencies: [
                "StoresPostgres",
                "CLibPQ",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
