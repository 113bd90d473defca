import StoresCore

/// The session tier: a row for each key.
struct PostgresSessionDriver {
    let backend: PostgresBackend
}
