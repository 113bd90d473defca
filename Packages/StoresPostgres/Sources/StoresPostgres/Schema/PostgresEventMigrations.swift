extension PostgresMigrations {
    static let event = PostgresMigrations(
        part: "event",
        steps: [
            """
            CREATE TABLE streams (
                stream text COLLATE "C" PRIMARY KEY,
                last_revision bigint NOT NULL,
                last_transaction xid8 NOT NULL,
                expected bigint NOT NULL
            );
            COMMENT ON COLUMN streams.last_revision IS '-1: the stream was deleted';
            COMMENT ON COLUMN streams.last_transaction IS 'the transaction part of the position of the last event';
            COMMENT ON COLUMN streams.expected IS 'what the last append demanded';
            CREATE TABLE events (
                transaction xid8 NOT NULL,
                sequence bigint GENERATED ALWAYS AS IDENTITY,
                stream text COLLATE "C" NOT NULL,
                revision bigint NOT NULL,
                id text COLLATE "C" NOT NULL,
                type text NOT NULL,
                content_type text NOT NULL,
                metadata jsonb NOT NULL,
                recorded_at bigint NOT NULL,
                data bytea NOT NULL,
                PRIMARY KEY (transaction, sequence)
            );
            CREATE UNIQUE INDEX events_by_revision ON events (stream, revision);
            CREATE UNIQUE INDEX events_by_id ON events (stream, id);
            CREATE TABLE snapshots (
                stream text COLLATE "C" NOT NULL,
                revision bigint NOT NULL,
                data bytea NOT NULL,
                PRIMARY KEY (stream, revision)
            );
            CREATE TABLE runs (
                id text COLLATE "C" PRIMARY KEY,
                status text COLLATE "C" NOT NULL,
                version bigint NOT NULL,
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                state bytea NOT NULL
            );
            CREATE INDEX runs_by_status ON runs (status, id);
            CREATE TABLE run_leases (
                key text COLLATE "C" PRIMARY KEY,
                generation bigint NOT NULL,
                expires_at bigint NOT NULL,
                is_released boolean NOT NULL
            );
            """,
            "ALTER TABLE runs ADD COLUMN is_deleted boolean NOT NULL DEFAULT false",
        ])
}
