// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "StoresConformance",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresConformance", targets: ["StoresConformance"])],
    dependencies: [
        .package(path: "../StoresCore")
    ],
    targets: [
        .target(
            name: "StoresConformance",
            dependencies: [.product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresConformanceTests",
            dependencies: ["StoresConformance", .product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
