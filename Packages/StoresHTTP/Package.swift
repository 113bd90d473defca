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

let nio: [Target.Dependency] = ["NIOCore", "NIOHTTP1", "NIOPosix"].map { .product(name: $0, package: "swift-nio") }

let package = Package(
    name: "StoresHTTP",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "StoresHTTP", targets: ["StoresHTTP"]),
        .library(name: "StoresHTTPTesting", targets: ["StoresHTTPTesting"]),
    ],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.0"),
    ],
    targets: [
        .target(
            name: "StoresHTTP",
            dependencies: [
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
            ] + nio,
            swiftSettings: settings
        ),
        .target(name: "StoresHTTPTesting", dependencies: nio, swiftSettings: settings),
        .testTarget(
            name: "StoresHTTPTests",
            dependencies: [
                "StoresHTTP",
                "StoresHTTPTesting",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ] + nio,
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
