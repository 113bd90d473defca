import Foundation

/// The control of the peer's brokers; see Tests/Peers/kafka.py.
struct KafkaPeer: Sendable {
    struct Refusal: Error {
        let text: String
    }

    private let port: UInt16

    init?(_ address: String) {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
        self.port = port
    }

    func send(_ command: String) throws {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(connection) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Refusal(text: "the peer takes no connection") }
        let line = Array("\(command)\n".utf8)
        guard write(connection, line, line.count) == line.count else {
            throw Refusal(text: "the peer takes no command")
        }
        var answer = [UInt8](repeating: 0, count: 256)
        let count = read(connection, &answer, answer.count)
        let text = String(decoding: answer.prefix(max(0, count)), as: UTF8.self)
        guard text == "ok\n" else { throw Refusal(text: text) }
    }
}
