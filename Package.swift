// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The entrance for who depends on the repository by URL, and what `swift test --enable-all-traits` tests in one go.
// Each Packages/X/Package.swift describes the same sources as a package of its own; scripts/check holds them together.
//
// A trait guards each third-party package that an adapter needs, so that nobody fetches what he does not use. It is a
// compilation condition too: the sources of a guarded adapter stand in `#if`, with a stub that names the trait.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func target(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Packages/\(name)/Sources/\(name)", swiftSettings: settings)
}

func tests(_ name: String, in package: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Packages/\(package)/Tests/\(name)", swiftSettings: settings)
}

let grdb: [Target.Dependency] = ["GRDB", "GRDBSQLite"].map {
    .product(name: $0, package: "GRDB.swift", condition: .when(traits: ["SQLite"]))
}

// Homebrew keeps libpq and librdkafka where only pkg-config finds them; on Linux the shims do, without a word to who
// has neither.
#if os(macOS)
let libpq: String? = "libpq"
let librdkafka: String? = "rdkafka"
#else
let libpq: String? = nil
let librdkafka: String? = nil
#endif

// The headers of libmongoc are in folders that only pkg-config knows, under one name for 1.x and another for 2.x. It is
// not asked where there is neither, so that who has no libmongoc hears nothing of it.
let folders =
    ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/homebrew/lib"]
    + ((try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []).map { "/usr/lib/\($0)" }
let libmongoc = ["libmongoc-1.0", "mongoc2"].first { name in
    folders.contains { FileManager.default.fileExists(atPath: "\($0)/pkgconfig/\(name).pc") }
}

let nio: [Target.Dependency] = ["NIOCore", "NIOHTTP1", "NIOPosix"].map {
    .product(name: $0, package: "swift-nio", condition: .when(traits: ["HTTP"]))
}

let package = Package(
    name: "swift-backend-stores",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "StoresCore", targets: ["StoresCore"]),
        .library(name: "StoresConformance", targets: ["StoresConformance"]),
        .library(name: "StoresFile", targets: ["StoresFile"]),
        .library(name: "StoresKafka", targets: ["StoresKafka"]),
        .library(name: "StoresMongo", targets: ["StoresMongo"]),
        .library(name: "StoresPostgres", targets: ["StoresPostgres"]),
        .library(name: "StoresRedis", targets: ["StoresRedis"]),
        .library(name: "StoresSQLite", targets: ["StoresSQLite"]),
        .library(name: "StoresHTTP", targets: ["StoresHTTP"]),
        .library(name: "StoresHTTPTesting", targets: ["StoresHTTPTesting"]),
        .library(name: "StoresChroma", targets: ["StoresChroma"]),
        .library(name: "StoresPinecone", targets: ["StoresPinecone"]),
        .library(name: "StoresQdrant", targets: ["StoresQdrant"]),
        .library(name: "StoresWeaviate", targets: ["StoresWeaviate"]),
    ],
    traits: [
        .default(enabledTraits: []),
        .trait(name: "SQLite", description: "StoresSQLite"),
        .trait(
            name: "HTTP",
            description: "The adapters that speak HTTP: StoresChroma, StoresPinecone, StoresQdrant, StoresWeaviate"),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.0"),
    ],
    targets: [
        .target(name: "CStoresKernels", path: "Packages/StoresCore/Sources/CStoresKernels"),
        target(
            "StoresCore",
            [
                "CStoresKernels",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "StoresCoreTests", in: "StoresCore",
            [
                "StoresCore", "CStoresKernels",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        target("StoresConformance", ["StoresCore"]),
        tests("StoresConformanceTests", in: "StoresConformance", ["StoresConformance", "StoresCore"]),
        target("StoresFile", ["StoresCore"]),
        .executableTarget(
            name: "StoresFileWriter", dependencies: ["StoresFile", "StoresCore"],
            path: "Packages/StoresFile/Tests/StoresFileWriter", swiftSettings: settings),
        tests("StoresFileConformanceTests", in: "StoresFile", ["StoresFile", "StoresCore", "StoresConformance"]),
        tests("StoresFileTests", in: "StoresFile", ["StoresFile", "StoresFileWriter", "StoresCore"]),
        .systemLibrary(
            name: "CRdKafka", path: "Packages/StoresKafka/Sources/CRdKafka", pkgConfig: librdkafka,
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
        target(
            "StoresKafka",
            [
                "CRdKafka", "StoresCore", .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]),
        tests(
            "StoresKafkaConformanceTests", in: "StoresKafka", ["StoresKafka", "StoresCore", "StoresConformance"]),
        tests("StoresKafkaTests", in: "StoresKafka", ["StoresKafka", "CRdKafka", "StoresCore"]),
        .systemLibrary(
            name: "CMongoC", path: "Packages/StoresMongo/Sources/CMongoC", pkgConfig: libmongoc,
            providers: [.apt(["libmongoc-dev"]), .brew(["mongo-c-driver"])]),
        target("StoresMongo", ["CMongoC", "StoresCore", .product(name: "Logging", package: "swift-log")]),
        tests(
            "StoresMongoConformanceTests", in: "StoresMongo", ["StoresMongo", "StoresCore", "StoresConformance"]),
        tests("StoresMongoTests", in: "StoresMongo", ["StoresMongo", "StoresCore"]),
        .systemLibrary(
            name: "CLibPQ", path: "Packages/StoresPostgres/Sources/CLibPQ", pkgConfig: libpq,
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        target("StoresPostgres", ["CLibPQ", "StoresCore", .product(name: "Logging", package: "swift-log")]),
        tests(
            "StoresPostgresConformanceTests", in: "StoresPostgres",
            ["StoresPostgres", "CLibPQ", "StoresCore", "StoresConformance"]),
        tests("StoresPostgresTests", in: "StoresPostgres", ["StoresPostgres", "CLibPQ", "StoresCore"]),
        // Without pkgConfig: that of hiredis has a flag which SwiftPM warns of, to everybody who builds any adapter.
        .systemLibrary(
            name: "CHiredis", path: "Packages/StoresRedis/Sources/CHiredis",
            providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
        target("StoresRedis", ["CHiredis", "StoresCore", .product(name: "Logging", package: "swift-log")]),
        tests(
            "StoresRedisConformanceTests", in: "StoresRedis", ["StoresRedis", "StoresCore", "StoresConformance"]),
        tests("StoresRedisTests", in: "StoresRedis", ["StoresRedis", "StoresCore"]),
        target("StoresSQLite", ["StoresCore", .product(name: "Logging", package: "swift-log")] + grdb),
        .executableTarget(
            name: "StoresSQLiteWriter", dependencies: ["StoresSQLite", "StoresCore"],
            path: "Packages/StoresSQLite/Tests/StoresSQLiteWriter", swiftSettings: settings),
        tests(
            "StoresSQLiteConformanceTests", in: "StoresSQLite", ["StoresSQLite", "StoresCore", "StoresConformance"]),
        tests("StoresSQLiteTests", in: "StoresSQLite", ["StoresSQLite", "StoresSQLiteWriter", "StoresCore"] + grdb),
        target(
            "StoresHTTP",
            [
                "StoresCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: .when(traits: ["HTTP"])),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["HTTP"])),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras", condition: .when(traits: ["HTTP"])),
            ] + nio),
        .target(
            name: "StoresHTTPTesting", dependencies: nio, path: "Packages/StoresHTTP/Sources/StoresHTTPTesting",
            swiftSettings: settings),
        tests(
            "StoresHTTPTests", in: "StoresHTTP",
            [
                "StoresHTTP", "StoresHTTPTesting", "StoresCore",
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["HTTP"])),
                .product(name: "NIOTLS", package: "swift-nio", condition: .when(traits: ["HTTP"])),
            ] + nio),
        target("StoresChroma", ["StoresCore", "StoresHTTP"]),
        tests(
            "StoresChromaConformanceTests", in: "StoresChroma", ["StoresChroma", "StoresCore", "StoresConformance"]),
        tests("StoresChromaTests", in: "StoresChroma", ["StoresChroma", "StoresCore", "StoresHTTP"]),
        target("StoresPinecone", ["StoresCore", "StoresHTTP"]),
        tests(
            "StoresPineconeConformanceTests", in: "StoresPinecone",
            ["StoresPinecone", "StoresCore", "StoresConformance"]),
        tests("StoresPineconeTests", in: "StoresPinecone", ["StoresPinecone", "StoresCore", "StoresHTTP"]),
        target("StoresQdrant", ["StoresCore", "StoresHTTP"]),
        tests(
            "StoresQdrantConformanceTests", in: "StoresQdrant", ["StoresQdrant", "StoresCore", "StoresConformance"]),
        tests(
            "StoresQdrantTests", in: "StoresQdrant",
            ["StoresQdrant", "StoresCore", "StoresHTTP", "StoresHTTPTesting"]),
        target("StoresWeaviate", ["StoresCore", "StoresHTTP"]),
        tests(
            "StoresWeaviateConformanceTests", in: "StoresWeaviate",
            ["StoresWeaviate", "StoresCore", "StoresConformance"]),
        tests(
            "StoresWeaviateTests", in: "StoresWeaviate",
            ["StoresWeaviate", "StoresCore", "StoresConformance", "StoresHTTP", "StoresHTTPTesting"]),
    ],
    swiftLanguageModes: [.v6]
)
