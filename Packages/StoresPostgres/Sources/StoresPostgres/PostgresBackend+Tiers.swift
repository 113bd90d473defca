public import StoresCore

extension PostgresBackend {
    public var session: (any SessionDriver)? { PostgresSessionDriver(backend: self) }
}
