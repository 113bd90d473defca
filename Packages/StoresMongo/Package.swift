// swift-tools-version: 6.2
import Foundation
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// The headers of libmongoc are in folders that only pkg-config knows, under one name for 1.x and another for 2.x. It is
// not asked where there is neither, so that who has no libmongoc hears nothing of it.
let folders =
    ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/homebrew/lib"]
    + ((try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []).map { "/usr/lib/\($0)" }
let libmongoc = ["libmongoc-1.0", "mongoc2"].first { name in
    folders.contains { FileManager.default.fileExists(atPath: "\($0)/pkgconfig/\(name).pc") }
}

let package = Package(
    name: "StoresMongo",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresMongo", targets: ["StoresMongo"])],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CMongoC", pkgConfig: libmongoc, providers: [.apt(["libmongoc-dev"]), .brew(["mongo-c-driver"])]),
        .target(
            name: "StoresMongo",
            dependencies: [
                "CMongoC",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresMongoConformanceTests",
            dependencies: [
                "StoresMongo",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresMongoTests",
            dependencies: ["StoresMongo", .product(name: "StoresCore", package: "StoresCore")],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
