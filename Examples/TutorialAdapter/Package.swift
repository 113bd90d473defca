// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "TutorialAdapter",
    platforms: [.macOS(.v15)],
    products: [.library(name: "StoresJournal", targets: ["StoresJournal"])],
    dependencies: [
        .package(path: "../../Packages/StoresCore"),
        .package(path: "../../Packages/StoresConformance"),
    ],
    targets: [
        .target(name: "StoresJournal", dependencies: [.product(name: "StoresCore", package: "StoresCore")]),
        .testTarget(
            name: "StoresJournalTests",
            dependencies: [
                "StoresJournal",
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
