// swift-tools-version: 6.1
import PackageDescription

// Depends on the repository by URL, with the trait that StoresSQLite needs; or forgets it, to see what is said.
let traits: Set<Package.Dependency.Trait> = Context.environment["STORES_FORGET_TRAIT"] == nil ? ["SQLite"] : []

let package = Package(
    name: "ByURLWithTrait",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: Context.environment["STORES_REPOSITORY"] ?? "unset", from: "0.1.0", traits: traits)
    ],
    targets: [
        .executableTarget(
            name: "App",
            dependencies: [
                .product(name: "StoresCore", package: "swift-backend-stores"),
                .product(name: "StoresSQLite", package: "swift-backend-stores"),
            ])
    ]
)
