// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "QuickStart",
    platforms: [.macOS(.v15)],
    dependencies: [
        // In an application of your own: .package(url: "…", from: "…", traits: ["SQLite"]), one package for all.
        .package(path: "../../Packages/StoresCore"),
        .package(path: "../../Packages/StoresSQLite"),
    ],
    targets: [
        .executableTarget(
            name: "QuickStart",
            dependencies: [
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresSQLite", package: "StoresSQLite"),
            ])
    ]
)
