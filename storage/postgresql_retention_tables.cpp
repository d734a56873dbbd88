#include "storage/postgresql_retention_tables.h"

namespace storage {

// Why the tables are as they are:
//  - pruned_run has the ids that were deleted, in runs, each with the chain hash of its last: the chain can
//    be followed across them.
//  - pruned_key has the natural keys of deleted events, in the form of event, until they are forgotten. They
//    go in the order of the ids.
//  - pruning has the oldest id at several times: what was deleted before is known for long enough.
//  - log.stored_bytes is what the rows of event take (stored_bytes()). The size of the files would not do: it
//    does not change when rows are deleted.
//  - log.forgotten changes with each deletion of hashes: an append whose lookup found one looks again.
//  - What was deleted is to be used again soon, however large the table is.
std::string_view postgresql_tables_2() {
    return R"sql(
ALTER TABLE log ADD COLUMN stored_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN forgotten bigint NOT NULL DEFAULT 0;

CREATE TABLE pruned_run (
    first_id bigint PRIMARY KEY,
    last_id bigint NOT NULL,
    end_hash bytea NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE pruned_key (
    id bigint PRIMARY KEY,
    block int,
    signer int,
    kind smallint NOT NULL,
    key_first bytea,
    key_second bytea
);
CREATE UNIQUE INDEX pruned_key_signature ON pruned_key (block, signer) WHERE kind = 6;
CREATE UNIQUE INDEX pruned_key_other ON pruned_key (kind, key_first, key_second) WHERE kind <> 6;
CREATE INDEX pruned_key_block ON pruned_key (block) WHERE block IS NOT NULL AND kind <> 6;

CREATE TABLE pruning (
    at bigint PRIMARY KEY,
    oldest_id bigint NOT NULL
);

ALTER TABLE event SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 50000);
ALTER TABLE pruned_key SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);
ALTER TABLE payload_part SET (
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000);
)sql";
}

// prune() is one step of the deletion, of at most so many rows and about so many bytes. It touches the head
// last, and its commit does not wait for the disk: an append waits for microseconds. A crash of the server
// may bring the last steps back, events and keys alike.
// The lock is that of "one prunes at a time"; who does not get it gets NULL.
// hash has nothing that is not referred to but for a moment: append() makes both in one transaction.
std::string_view postgresql_retention_functions() {
    return R"sql(
CREATE OR REPLACE FUNCTION large_bytes(large bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(octet_length(p.bytes)), 0) FROM payload_part p WHERE p.payload = large
$$;

-- Without a query in it, it becomes part of the query that calls it, which costs an append nothing.
CREATE OR REPLACE FUNCTION stored_bytes(kind smallint, payload bytea, first bytea, second bytea, large bigint)
RETURNS bigint LANGUAGE sql STABLE AS $$
    -- What a row takes beside these, in the table and in its indexes.
    SELECT CASE WHEN kind = 6 THEN 170 ELSE 230 END
        + coalesce(octet_length(payload), 0)
        + 2 * coalesce(octet_length(first) + octet_length(second), 0)
        + CASE WHEN large IS NULL THEN 0 ELSE large_bytes(large) END
$$;

-- "One prunes at a time", until the end of the transaction.
CREATE OR REPLACE FUNCTION take_pruning_turn() RETURNS boolean LANGUAGE sql AS $$
    SELECT set_config('synchronous_commit', 'off', true) IS NOT NULL AND pg_try_advisory_xact_lock(1163091015, 0)
$$;

-- Notes the oldest id now and then; of the notes before known_since only the newest is needed.
CREATE OR REPLACE FUNCTION note_oldest(at_now bigint, known_since bigint, noted_since bigint, oldest bigint)
RETURNS void LANGUAGE sql AS $$
    DELETE FROM pruning WHERE at < (SELECT max(at) FROM pruning WHERE at <= known_since);
    INSERT INTO pruning SELECT at_now, oldest
    WHERE (SELECT p.at FROM pruning p WHERE p.at > noted_since LIMIT 1) IS NULL
$$;

-- Deletes the events from the oldest id to below `upto`, but for those of the kinds `kept`.
CREATE OR REPLACE FUNCTION prune(
    this_instance int, upto bigint, kept smallint[], most_rows int, most_bytes bigint,
    at_now bigint, known_since bigint, noted_since bigint,
    OUT oldest bigint, OUT payloads bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    reached bigint;
    firsts bigint[];
    lasts bigint[];
    ends bytea[];
    freed bigint;
BEGIN
    IF NOT take_pruning_turn() THEN
        RETURN;
    END IF;
    SELECT l.oldest_id INTO STRICT first FROM log l;
    SELECT coalesce(max(r.id) FILTER (WHERE r.before < most_bytes) + 1, first),
        CASE WHEN count(*) < most_rows AND max(r.before) FILTER (WHERE r.before >= most_bytes) IS NULL
             THEN upto END
    INTO reached, oldest
    FROM (SELECT e.id, sum(octet_length(e.payload)) OVER (ORDER BY e.id) - octet_length(e.payload) AS before
          FROM (SELECT i.id, coalesce(i.payload, ''::bytea) AS payload FROM event i
                WHERE i.id >= first AND i.id < upto ORDER BY i.id LIMIT most_rows) e) r;
    oldest := greatest(first, coalesce(oldest, reached));

    WITH gone AS (
        DELETE FROM event e WHERE e.id >= first AND e.id < oldest AND e.kind <> ALL (kept)
        RETURNING e.id, e.block, e.signer, e.kind, e.key_first, e.key_second, e.chain_hash, e.large_payload,
            stored_bytes(e.kind, e.payload, e.key_first, e.key_second, e.large_payload) AS freed),
    known AS (
        INSERT INTO pruned_key SELECT g.id, g.block, g.signer, g.kind, g.key_first, g.key_second FROM gone g
        ON CONFLICT DO NOTHING),
    runs AS (
        SELECT min(i.id) AS first, max(i.id) AS last, (array_agg(i.chain_hash ORDER BY i.id DESC))[1] AS hash
        FROM (SELECT g.id, g.chain_hash, g.id - row_number() OVER (ORDER BY g.id) AS island FROM gone g) i
        GROUP BY i.island)
    SELECT (SELECT coalesce(sum(g.freed), 0) FROM gone g),
        ARRAY(SELECT g.large_payload FROM gone g WHERE g.large_payload IS NOT NULL),
        ARRAY(SELECT r.first FROM runs r ORDER BY r.first), ARRAY(SELECT r.last FROM runs r ORDER BY r.first),
        ARRAY(SELECT r.hash FROM runs r ORDER BY r.first)
    INTO freed, payloads, firsts, lasts, ends;

    -- The first run may go on where the last one ended.
    UPDATE pruned_run p SET last_id = lasts[1], end_hash = ends[1]
    WHERE p.first_id = (SELECT max(q.first_id) FROM pruned_run q WHERE q.first_id < firsts[1])
        AND p.last_id = firsts[1] - 1;
    INSERT INTO pruned_run SELECT r.first, r.last, r.hash
    FROM unnest(firsts, lasts, ends) WITH ORDINALITY AS r (first, last, hash, n) WHERE r.n > 1 OR NOT FOUND;

    IF payloads <> '{}' THEN
        UPDATE large_payload p SET appended = false, instance = this_instance WHERE p.number = ANY (payloads);
    END IF;
    PERFORM note_oldest(at_now, known_since, noted_since, oldest);
    UPDATE log SET oldest_id = oldest, stored_bytes = log.stored_bytes - freed;
END $$;

-- Forgets, from this id on, keys that were known for long enough: of at most so many events. Where to go on;
-- the same id: nothing is to be forgotten now.
CREATE OR REPLACE FUNCTION forget_keys(from_id bigint, most int, known_since bigint, OUT next_id bigint)
LANGUAGE plpgsql AS $$
DECLARE
    below bigint;
BEGIN
    IF NOT take_pruning_turn() THEN
        RETURN;
    END IF;
    SELECT coalesce(max(p.oldest_id), 0) INTO below FROM pruning p WHERE p.at <= known_since;
    SELECT k.id INTO next_id FROM pruned_key k WHERE k.id >= from_id AND k.id < below
    ORDER BY k.id OFFSET most LIMIT 1;
    next_id := greatest(from_id, coalesce(next_id, below));
    DELETE FROM pruned_key k WHERE k.id >= from_id AND k.id < next_id;
END $$;

-- Deletes, behind this number, hashes that nothing refers to any more, of at most so many looked at. Where to
-- go on; the same number: the next one is still needed. One that only kept events below the oldest refer to
-- is passed.
CREATE OR REPLACE FUNCTION forget_hashes(behind int, most int, OUT reached int)
LANGUAGE plpgsql AS $$
DECLARE
    unused int[] := '{}';
    candidate int;
    used_by bigint;
    oldest bigint;
BEGIN
    IF NOT take_pruning_turn() THEN
        RETURN;
    END IF;
    reached := behind;
    SELECT l.oldest_id INTO STRICT oldest FROM log l;
    FOR candidate IN SELECT h.number FROM hash h WHERE h.number > behind ORDER BY h.number LIMIT most LOOP
        EXIT WHEN (SELECT k.id FROM pruned_key k WHERE k.kind = 6 AND k.block = candidate LIMIT 1) IS NOT NULL
            OR (SELECT k.id FROM pruned_key k WHERE k.kind <> 6 AND k.block = candidate LIMIT 1) IS NOT NULL;
        used_by := coalesce(
            (SELECT e.id FROM event e WHERE e.kind = 6 AND e.block = candidate LIMIT 1),
            (SELECT e.id FROM event e WHERE e.kind <> 6 AND e.block = candidate LIMIT 1));
        EXIT WHEN used_by >= oldest;
        IF used_by IS NULL THEN
            unused := unused || candidate;
        END IF;
        reached := candidate;
    END LOOP;
    IF unused <> '{}' THEN
        -- Under the head's lock: no append that found one of them can go on with it.
        UPDATE log SET forgotten = forgotten + 1;
        DELETE FROM hash h WHERE h.number = ANY (unused)
            AND (SELECT e.id FROM event e WHERE e.kind = 6 AND e.block = h.number LIMIT 1) IS NULL
            AND (SELECT e.id FROM event e WHERE e.kind <> 6 AND e.block = h.number LIMIT 1) IS NULL;
    END IF;
END $$;

-- What the table event takes, in bytes; what its rows need; how often it was vacuumed.
CREATE OR REPLACE FUNCTION event_space(OUT taken bigint, OUT needed bigint, OUT vacuums bigint)
LANGUAGE sql AS $$
    SELECT pg_total_relation_size('event'), l.stored_bytes,
        pg_stat_get_vacuum_count('event'::regclass) + pg_stat_get_autovacuum_count('event'::regclass)
    FROM log l
$$;

-- Moves rows of the last pages before `upto` (0: the end of the file) to free space further in front, so that
-- the next VACUUM can cut the file. Where to go on; nothing: there is no such space.
CREATE OR REPLACE FUNCTION compact(upto bigint, most_pages int, most_bytes bigint, OUT reached bigint)
LANGUAGE plpgsql AS $$
DECLARE
    pages bigint := pg_relation_size('event') / current_setting('block_size')::bigint;
    chosen tid[];
    complete boolean;
    first_page bigint;
    farthest bigint;
BEGIN
    IF NOT take_pruning_turn() THEN
        RETURN;
    END IF;
    upto := CASE WHEN upto = 0 THEN pages ELSE least(upto, pages) END;
    reached := greatest(upto - most_pages, 0);
    SELECT array_agg(r.place ORDER BY r.place) FILTER (WHERE r.before < most_bytes),
        bool_and(r.before < most_bytes)
    INTO chosen, complete
    FROM (SELECT e.ctid AS place, sum(coalesce(octet_length(e.payload), 0)) OVER (ORDER BY e.ctid DESC)
              - coalesce(octet_length(e.payload), 0) AS before
          FROM event e
          WHERE e.ctid >= format('(%s,0)', reached)::tid AND e.ctid < format('(%s,0)', upto)::tid) r;
    IF chosen IS NULL THEN
        reached := nullif(reached, 0);
        RETURN;
    END IF;
    first_page := (chosen[1]::text::point)[0]::bigint;
    reached := CASE WHEN complete THEN reached ELSE first_page + 1 END;
    BEGIN
        WITH taken AS (DELETE FROM event e WHERE e.ctid = ANY (chosen) RETURNING e.*),
        put AS (INSERT INTO event SELECT t.* FROM taken t RETURNING event.ctid)
        SELECT max((p.ctid::text::point)[0]) INTO farthest FROM put p;
        IF farthest >= first_page THEN
            RAISE EXCEPTION 'no space further in front' USING ERRCODE = 'ES001';
        END IF;
    EXCEPTION WHEN SQLSTATE 'ES001' THEN
        reached := NULL;
    END;
END $$;
)sql";
}

}  // namespace storage
