import StoresCore

/// X11, once for each kind of name: the corpus is written, name by name; each name is taken and reads back exactly, or
/// is refused with `invalidArgument`; none reaches another's data.
enum NameCases {
    /// - Parameters:
    ///   - write: Writes the number under the name.
    ///   - read: The number under the name, or nil when there is none.
    ///   - remove: Removes what is under the name.
    static func check(
        _ what: String, names: [String] = HostileNames.all, mustTake: [String] = ["a", "A", "é", "👩", "a'b", "日本語"],
        write: (String, Int) async throws -> Void, read: (String) async throws -> Int?,
        remove: (String) async throws -> Void
    ) async throws {
        var taken: [(name: String, number: Int)] = []
        for (number, name) in names.enumerated() {
            do {
                try await write(name, number)
                taken.append((name, number))
            } catch let error as StoreError {
                guard error.code == .invalidArgument else {
                    throw CaseFailure(
                        "\(what) \(shown(name)): expected it to be taken or invalid, got \(error.debugDescription)")
                }
                try expect(
                    !mustTake.contains { $0.utf8.elementsEqual(name.utf8) },
                    "\(what) \(shown(name)): expected it to be taken, got \(error)")
                try await expectError(.invalidArgument, during: "\(what): reading the refused \(shown(name))") {
                    try await read(name)
                }
            }
        }
        for (name, number) in taken {
            try expectEqual(try await read(name), number, "\(what) \(shown(name)), after all were written")
        }
        for (index, item) in taken.enumerated() where index % 2 == 0 { try await remove(item.name) }
        for (index, item) in taken.enumerated() {
            try expectEqual(
                try await read(item.name), index % 2 == 0 ? nil : item.number,
                "\(what) \(shown(item.name)), after every second was removed")
        }
    }
}
