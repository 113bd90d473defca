// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // The root manifest's package trait of the same name sets this condition there.
    .define("HTTP"),
]

let package = Package(
    name: "StoresQdrant",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresQdrant", targets: ["StoresQdrant"])],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(path: "../StoresHTTP"),
    ],
    targets: [
        .target(
            name: "StoresQdrant",
            dependencies: [
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresHTTP", package: "StoresHTTP"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresQdrantConformanceTests",
            dependencies: [
                "StoresQdrant",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresQdrantTests",
            dependencies: [
                "StoresQdrant",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresHTTP", package: "StoresHTTP"),
                .product(name: "StoresHTTPTesting", package: "StoresHTTP"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
