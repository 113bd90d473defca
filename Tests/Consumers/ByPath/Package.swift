// swift-tools-version: 6.1
import PackageDescription

// Depends on two packages of the repository by path, as an application does that has it as a submodule.
let package = Package(
    name: "ByPath",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(path: "../../../Packages/StoresCore"),
        .package(path: "../../../Packages/StoresFile"),
    ],
    targets: [
        .executableTarget(
            name: "App",
            dependencies: [
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresFile", package: "StoresFile"),
            ])
    ]
)
