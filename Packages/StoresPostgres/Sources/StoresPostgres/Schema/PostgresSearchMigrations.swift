extension PostgresMigrations {
    /// The search tier: the list of indexes. Each has a table of its own, `search_<index_id>`, made with it.
    static let search = PostgresMigrations(
        part: "search",
        steps: [
            """
            \(PostgresWordsFunction.definition);

            CREATE TABLE search_indexes (
                index_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name text COLLATE "C" NOT NULL UNIQUE,
                fields jsonb NOT NULL
            )
            """
        ])
}
