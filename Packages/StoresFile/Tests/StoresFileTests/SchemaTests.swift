import Foundation
import StoresCore
import Testing

@testable import StoresFile

@Suite struct SchemaTests {
    static func start(_ directory: String, _ mode: SchemaMode) async throws(StoreError) -> Store {
        do {
            return try await Store(directory, mode: mode)
        } catch {
            throw .wrapping(error)
        }
    }

    @Test func verifyDemandsWhatCreateMakes() async throws {
        let directory = Store.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let missing = await #expect(throws: StoreError.self) { try await Self.start(directory, .verify) }
        #expect(missing?.code == .schemaMismatch)
        #expect(missing?.remedy?.contains("ARTIFACT_DIR") == true)
        #expect(!FileManager.default.fileExists(atPath: directory))
        let store = try await Self.start(directory, .create)
        try await store.backend.start(context: Store.context())
        try await store.put("k", "kept")
        for mode in SchemaMode.allCases { #expect(try await Self.start(directory, mode).text("k") == "kept") }
    }

    @Test func aForeignDirectoryIsLeftAlone() async throws {
        let directory = Store.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data().write(to: URL(fileURLWithPath: "\(directory)/thesis.tex"))
        let error = await #expect(throws: StoreError.self) { try await Self.start(directory, .create) }
        #expect(error?.code == .schemaMismatch)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["thesis.tex"])
    }

    @Test(arguments: ["{\"format\":\"stores-file\",\"version\":2}", "{}", "", "garbage", "{\"version\":1}"])
    func anotherMarkerIsRefused(_ text: String) async throws {
        let directory = Store.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try await Self.start(directory, .create)
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/stores-file.json"))
        for mode in [SchemaMode.create, .verify] {
            let error = await #expect(throws: StoreError.self) { try await Self.start(directory, mode) }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.remedy != nil)
            #expect(error?.phase == .schema)
        }
    }

    @Test func aStartThatWasInterruptedIsCompleted() async throws {
        let directory = Store.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: "\(directory)/objects", withIntermediateDirectories: true)
        try await Self.start(directory, .create).put("k")
        #expect(try await Self.start(directory, .verify).list().keys == ["k"])
    }

    @Test func aFileInTheWayIsExplained() async throws {
        let directory = Store.newDirectory()
        try Data().write(to: URL(fileURLWithPath: directory))
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let error = await #expect(throws: StoreError.self) { try await Self.start(directory, .create) }
        #expect(error?.message.contains(directory) == true)
        #expect(error?.isRetryable == false)
    }
}
