#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The variables of this process. Read here and nowhere else (R5).
enum ProcessEnvironment {
    static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equal = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(text[..<equal])] = String(text[text.utf8.index(after: equal)...])
            }
            entry += 1
        }
        return variables
    }
}
