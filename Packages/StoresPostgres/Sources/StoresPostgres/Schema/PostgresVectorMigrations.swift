extension PostgresMigrations {
    /// The vector tier: the list of collections. Each has a table of its own, `vector_<collection_id>`, made with it.
    static let vector = PostgresMigrations(
        part: "vector",
        steps: [
            """
            \(PostgresWordsFunction.definition);

            CREATE TABLE vector_collections (
                collection_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name text COLLATE "C" NOT NULL UNIQUE,
                dimensions integer NOT NULL,
                metric text NOT NULL,
                has_unit_vectors boolean NOT NULL,
                fields jsonb NOT NULL,
                options jsonb NOT NULL,
                is_indexed boolean NOT NULL
            )
            """
        ], needsVector: true)
}
