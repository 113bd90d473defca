import StoresCore

/// What every session begins with.
enum PostgresSession {
    /// The schema of the stores, then where pgvector lives, and nothing else: where a table is missing, no table of the
    /// application is taken for it. And what correctness rests on, whatever the server, the role or `options` say.
    /// Parameter: the schema.
    static let setup = """
        SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', pg_catalog.quote_ident($1::text),
            (SELECT pg_catalog.quote_ident(n.nspname::text)
            FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
            WHERE e.extname = 'vector')), false),
            pg_catalog.pg_is_in_recovery(),
            (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'vector'),
            v.oid, v.typarray, h.oid, h.typarray,
            pg_catalog.set_config('default_transaction_isolation', 'read committed', false),
            pg_catalog.set_config('standard_conforming_strings', 'on', false),
            pg_catalog.set_config('extra_float_digits', '1', false)
        FROM (SELECT 1) one
        LEFT JOIN (pg_catalog.pg_extension e JOIN pg_catalog.pg_type v ON v.typnamespace = e.extnamespace
            AND v.typname = 'vector') ON e.extname = 'vector'
        LEFT JOIN pg_catalog.pg_type h ON h.typnamespace = e.extnamespace AND h.typname = 'halfvec'
        """

    static func types(_ row: PostgresRow) throws(StoreError) -> PostgresTypes {
        func oid(_ column: Int) throws(StoreError) -> UInt32? { row.isNull(column) ? nil : try row.oid(column) }
        return PostgresTypes(
            vector: try oid(3), vectorArray: try oid(4), halfvec: try oid(5), halfvecArray: try oid(6),
            vectorVersion: try row.optionalText(2))
    }
}
