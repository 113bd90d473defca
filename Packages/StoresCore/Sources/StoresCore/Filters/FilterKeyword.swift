/// The reserved words of the text form of ``Filter``; case-insensitive.
enum FilterKeyword: String, CaseIterable {
    case and, or, not, `in`, contains, any, all, starts, with, `is`, null, exists, `true`, `false`, instant

    static func isReserved(_ word: String) -> Bool {
        FilterKeyword(rawValue: word.lowercased()) != nil
    }
}
