extension PostgresMigrations {
    /// The memory tier.
    ///
    /// `scope` holds a scope's segments, each followed by a NUL, so that the order of the bytes is the order of the
    /// segments and a scope's bytes begin those of all scopes within it. Since an index entry has at most 2,704 bytes,
    /// a scope of more than 2,000 is there as its beginning and a checksum, and whole in `long_scope`.
    ///
    /// A deleted fact keeps its row, marked, because its history stays.
    static let memory = PostgresMigrations(
        part: "memory",
        steps: [
            """
            \(PostgresWordsFunction.definition);

            CREATE TABLE facts (
                scope bytea NOT NULL,
                id text COLLATE "C" NOT NULL,
                long_scope bytea,
                content text NOT NULL,
                attributes jsonb NOT NULL,
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                version bigint NOT NULL,
                expires_at bigint,
                source text,
                embedding real[],
                words text NOT NULL,
                word_count integer NOT NULL,
                is_deleted boolean NOT NULL DEFAULT false,
                PRIMARY KEY (scope, id)
            );
            CREATE INDEX facts_words ON facts USING gin (words_vector(words)) WHERE words <> '';
            CREATE INDEX facts_expiry ON facts (expires_at) WHERE expires_at IS NOT NULL;

            CREATE TABLE fact_history (
                scope bytea NOT NULL,
                id text COLLATE "C" NOT NULL,
                line bigint GENERATED ALWAYS AS IDENTITY,
                change text NOT NULL,
                at bigint NOT NULL,
                content text NOT NULL,
                attributes jsonb NOT NULL,
                created_at bigint NOT NULL,
                updated_at bigint NOT NULL,
                version bigint NOT NULL,
                expires_at bigint,
                source text,
                PRIMARY KEY (scope, id, line)
            );

            \(putFacts)
            """
        ])

    /// Writes facts, each with its line of history, and says of each whether it was stored and which version is there.
    ///
    /// Rows are locked in the order of their keys, so that two batches never wait for each other in a circle; of one
    /// fact several times in a batch, each sees what the one before it wrote.
    private static let putFacts = """
        CREATE FUNCTION put_facts(
            p_now bigint, p_scopes bytea[], p_long_scopes bytea[], p_ids text[], p_contents text[],
            p_attributes jsonb[], p_expiries bigint[], p_sources text[], p_embeddings text[], p_words text[],
            p_word_counts integer[], p_wanted bigint[]
        ) RETURNS TABLE (item bigint, is_stored boolean, created bigint, current_version bigint)
        LANGUAGE plpgsql AS $$
        #variable_conflict use_column
        DECLARE
            new record;
            old facts%ROWTYPE;
            is_visible boolean;
        BEGIN
            FOR new IN
                SELECT * FROM unnest(
                    p_scopes, p_long_scopes, p_ids, p_contents, p_attributes, p_expiries, p_sources, p_embeddings,
                    p_words, p_word_counts, p_wanted
                ) WITH ORDINALITY AS u (
                    scope, long_scope, id, content, attributes, expires_at, source, embedding, words, word_count,
                    wanted, item)
                ORDER BY u.scope, u.id COLLATE "C", u.item
            LOOP
                item := new.item;
                LOOP
                    SELECT * INTO old FROM facts f WHERE f.scope = new.scope AND f.id = new.id FOR UPDATE;
                    IF FOUND THEN
                        is_visible := NOT old.is_deleted AND coalesce(old.expires_at > p_now, true);
                        current_version := CASE WHEN is_visible THEN old.version ELSE 0 END;
                        is_stored := coalesce(new.wanted = current_version, true);
                        EXIT WHEN NOT is_stored;
                        IF old.expires_at <= p_now THEN
                            DELETE FROM fact_history h WHERE h.scope = new.scope AND h.id = new.id;
                        END IF;
                        created := CASE WHEN is_visible THEN old.created_at ELSE p_now END;
                        -- After a delete versions go on, so that a stale one never fits by chance.
                        current_version := CASE WHEN old.expires_at <= p_now THEN 1 ELSE old.version + 1 END;
                        UPDATE facts f SET
                            content = new.content, attributes = new.attributes, created_at = created,
                            updated_at = p_now, version = current_version, expires_at = new.expires_at,
                            source = new.source, embedding = new.embedding::real[], words = new.words,
                            word_count = new.word_count, is_deleted = false
                        WHERE f.scope = new.scope AND f.id = new.id;
                    ELSE
                        current_version := 0;
                        is_stored := coalesce(new.wanted = 0, true);
                        EXIT WHEN NOT is_stored;
                        created := p_now;
                        current_version := 1;
                        INSERT INTO facts (
                            scope, id, long_scope, content, attributes, created_at, updated_at, version, expires_at,
                            source, embedding, words, word_count)
                        VALUES (
                            new.scope, new.id, new.long_scope, new.content, new.attributes, created, p_now,
                            current_version, new.expires_at, new.source, new.embedding::real[], new.words,
                            new.word_count)
                        ON CONFLICT DO NOTHING;
                        -- Somebody else was faster: look again.
                        CONTINUE WHEN NOT FOUND;
                    END IF;
                    INSERT INTO fact_history (
                        scope, id, change, at, content, attributes, created_at, updated_at, version, expires_at, source)
                    VALUES (
                        new.scope, new.id, 'put', p_now, new.content, new.attributes, created, p_now,
                        current_version, new.expires_at, new.source);
                    EXIT;
                END LOOP;
                RETURN NEXT;
            END LOOP;
        END
        $$
        """
}
