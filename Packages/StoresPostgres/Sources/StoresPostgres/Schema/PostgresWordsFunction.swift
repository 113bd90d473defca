/// What the tiers that search by words have in common.
enum PostgresWordsFunction {
    /// `words_vector(words)`: the distinct words of a text of ``PostgresWords`` as a tsvector, for GIN indexes. In
    /// PL/pgSQL, because an SQL function would be inlined and lose its cost, which keeps the planner from computing it
    /// for every row of a table.
    static let definition = """
        CREATE OR REPLACE FUNCTION words_vector(words text) RETURNS tsvector
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
        BEGIN
            RETURN array_to_tsvector(string_to_array(btrim(words, ' '), '  '));
        END
        $$
        """
}
