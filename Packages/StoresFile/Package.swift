// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "StoresFile",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresFile", targets: ["StoresFile"])],
    dependencies: [.package(path: "../StoresCore"), .package(path: "../StoresConformance")],
    targets: [
        .target(
            name: "StoresFile",
            dependencies: [.product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
        // A second process for the tests that need one; no product.
        .executableTarget(
            name: "StoresFileWriter",
            dependencies: ["StoresFile", .product(name: "StoresCore", package: "StoresCore")],
            path: "Tests/StoresFileWriter",
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresFileConformanceTests",
            dependencies: [
                "StoresFile",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresFileTests",
            dependencies: ["StoresFile", "StoresFileWriter", .product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
