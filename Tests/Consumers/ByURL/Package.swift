// swift-tools-version: 6.1
import PackageDescription

// Depends on the repository by URL and version, and asks for no trait. ../run says where the repository is.
let package = Package(
    name: "ByURL",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: Context.environment["STORES_REPOSITORY"] ?? "unset", from: "0.1.0")
    ],
    targets: [
        .executableTarget(
            name: "App",
            dependencies: [
                .product(name: "StoresCore", package: "swift-backend-stores"),
                .product(name: "StoresFile", package: "swift-backend-stores"),
            ])
    ]
)
