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
    name: "StoresWeaviate",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresWeaviate", targets: ["StoresWeaviate"])],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(path: "../StoresHTTP"),
    ],
    targets: [
        .target(
            name: "StoresWeaviate",
            dependencies: [
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresHTTP", package: "StoresHTTP"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresWeaviateConformanceTests",
            dependencies: [
                "StoresWeaviate",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresWeaviateTests",
            dependencies: [
                "StoresWeaviate",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
                .product(name: "StoresHTTP", package: "StoresHTTP"),
                .product(name: "StoresHTTPTesting", package: "StoresHTTP"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
