// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // The root manifest's package trait of the same name sets this condition there.
    .define("SQLite"),
]

let package = Package(
    name: "StoresSQLite",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresSQLite", targets: ["StoresSQLite"])],
    dependencies: [
        .package(path: "../StoresCore"),
        .package(path: "../StoresConformance"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    ],
    targets: [
        .target(
            name: "StoresSQLite",
            dependencies: [
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // A second process for the tests that need one; no product.
        .executableTarget(
            name: "StoresSQLiteWriter",
            dependencies: ["StoresSQLite", .product(name: "StoresCore", package: "StoresCore")],
            path: "Tests/StoresSQLiteWriter",
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresSQLiteConformanceTests",
            dependencies: [
                "StoresSQLite",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresSQLiteTests",
            dependencies: [
                "StoresSQLite",
                "StoresSQLiteWriter",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
