extension PostgresMigrations {
    // Texts are compared byte by byte ("C"), as the contracts want it. Instants are milliseconds since 1970, by the
    // clock that the application injects.
    static let session = PostgresMigrations(
        part: "session",
        steps: [
            """
            CREATE TABLE sessions (
                key text COLLATE "C" PRIMARY KEY,
                kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 2),
                value bytea,
                content_type text,
                number bigint,
                elements bytea[],
                etag text NOT NULL,
                expires_at bigint
            );
            COMMENT ON COLUMN sessions.kind IS '0: value and content_type, 1: number (a counter), 2: elements (a list)';
            CREATE INDEX sessions_by_expiry ON sessions (expires_at) WHERE expires_at IS NOT NULL;
            CREATE TABLE leases (
                key text COLLATE "C" PRIMARY KEY,
                generation bigint NOT NULL,
                expires_at bigint NOT NULL,
                is_released boolean NOT NULL
            );
            """
        ])
}
