#include "storage/postgresql_tables.h"

namespace storage {

// Why the tables are as they are:
//  - log has one row, the head. An append locks it: ids are dense and become visible in their order. Its
//    page has room for the row's next versions.
//  - What signatures repeat is stored once: block hashes (hash) and validators' keys (public_key) are
//    numbers in event. A signature's natural key is (block, signer); the other kinds have theirs in
//    key_first, key_second. Both are unique indexes of event itself: no second row for a key.
//  - block is also the block of an event of another kind, where its key is not the block's hash.
//  - The columns stand by their size, as each begins at a multiple of it; NULL takes no room.
//  - payload comes as payload_codec.h says, so the server need not try to compress it.
//  - large_payload.instance: who stages it, and so who deletes it when its event never comes.
//  - instance in event: of the sidecars' own events only.
//  - node_history.height has the bits of an unsigned number.
std::string_view postgresql_tables_1() {
    return R"sql(
CREATE TABLE log (
    oldest_id bigint NOT NULL,
    next_id bigint NOT NULL,
    api_version bigint NOT NULL,
    chain_hash bytea NOT NULL,
    feed_id text NOT NULL,
    network_name text NOT NULL,
    one boolean PRIMARY KEY CHECK (one)
) WITH (fillfactor = 20);

CREATE TABLE instance (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
CREATE TABLE hash (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bytes bytea NOT NULL UNIQUE
);
CREATE TABLE public_key (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bytes bytea NOT NULL UNIQUE
);

CREATE TABLE large_payload (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size bigint NOT NULL,
    instance int NOT NULL REFERENCES instance,
    encoding smallint NOT NULL,
    appended boolean NOT NULL,
    digest bytea NOT NULL
);
CREATE INDEX large_payload_waiting ON large_payload (instance) WHERE NOT appended;

CREATE TABLE payload_part (
    payload bigint NOT NULL REFERENCES large_payload,
    seq int NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (payload, seq)
);

CREATE TABLE event (
    id bigint PRIMARY KEY,
    received_at bigint NOT NULL,
    api_version bigint NOT NULL,
    era bigint,
    height bigint,
    large_payload bigint,
    block int,
    signer int,
    instance int,
    kind smallint NOT NULL,
    source smallint NOT NULL,
    encoding smallint NOT NULL,
    key_first bytea,
    key_second bytea,
    account bytea,
    chain_hash bytea NOT NULL,
    payload bytea
);
ALTER TABLE event ALTER payload SET STORAGE EXTERNAL;
ALTER TABLE payload_part ALTER bytes SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX event_signature ON event (block, signer) WHERE kind = 6;
CREATE UNIQUE INDEX event_key ON event (kind, key_first, key_second) WHERE kind <> 6;
CREATE INDEX event_fault ON event (key_second) WHERE kind = 5;
CREATE INDEX event_source ON event (source, id) WHERE source <> 2;
CREATE INDEX event_height ON event (height) WHERE height IS NOT NULL;
CREATE INDEX event_block ON event (block) WHERE block IS NOT NULL AND kind <> 6;
CREATE INDEX event_account ON event (account) WHERE account IS NOT NULL;

CREATE TABLE node_position (
    event_id bigint NOT NULL,
    generation bigint NOT NULL,
    instance int NOT NULL REFERENCES instance,
    filter smallint NOT NULL,
    kind smallint NOT NULL,
    node text NOT NULL,
    key_first bytea NOT NULL,
    key_second bytea NOT NULL,
    PRIMARY KEY (instance, node, filter)
) WITH (fillfactor = 50);

CREATE TABLE node_intent (
    instance int NOT NULL REFERENCES instance,
    wish smallint NOT NULL,
    node text NOT NULL,
    configuration text NOT NULL,
    PRIMARY KEY (instance, node)
);

CREATE TABLE node_history (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    attempt bigint NOT NULL,
    height bigint,
    instance int NOT NULL REFERENCES instance,
    node text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    cause text NOT NULL,
    message text NOT NULL,
    build_version text NOT NULL,
    network_name text NOT NULL
);
CREATE INDEX node_history_node ON node_history (instance, node, number);

CREATE TABLE node_observed (
    at bigint NOT NULL,
    attempt bigint NOT NULL,
    height bigint,
    instance int NOT NULL REFERENCES instance,
    node text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    cause text NOT NULL,
    message text NOT NULL,
    build_version text NOT NULL,
    network_name text NOT NULL,
    PRIMARY KEY (instance, node)
);

CREATE TABLE dictionary (
    number int PRIMARY KEY,
    bytes bytea NOT NULL
);
)sql";
}

// last_id is NULL where the end of the gap is not known. `number` is the order in which they were found.
std::string_view postgresql_tables_3() {
    return R"sql(
CREATE TABLE node_gap (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    generation bigint NOT NULL,
    first_id bigint NOT NULL,
    last_id bigint,
    instance int NOT NULL REFERENCES instance,
    filter smallint NOT NULL,
    node text NOT NULL,
    UNIQUE (instance, node, filter, generation, first_id)
);
)sql";
}

// Listings go by (what is asked for, id), from where they left off. event_rare finds the kinds of which there
// are few among very many; as an int, so that a statement can ask for this index, not for event_key.
std::string_view postgresql_tables_4() {
    return R"sql(
DROP INDEX event_height;
DROP INDEX event_block;
DROP INDEX event_account;
CREATE INDEX event_height ON event (height, id) WHERE height IS NOT NULL;
CREATE INDEX event_block ON event (block, id) WHERE block IS NOT NULL AND kind <> 6;
CREATE INDEX event_account ON event (account, id) WHERE account IS NOT NULL;
CREATE INDEX event_rare ON event ((kind::int), id) WHERE kind NOT IN (2, 3, 6);
)sql";
}

// append(), in the order of its steps:
//  - What is new is found before the head is locked, so that a batch without news, as two of three are that
//    come from three nodes, neither waits nor writes. Had another append come between, it is found once more
//    under the lock. The numbers that it found may have been forgotten meanwhile, too.
//  - The caller gives each key once. The unique indexes stand behind that.
//  - What rows share comes once: hashes and keys, to which blocks and signers refer by place, 0 for none.
//  - api[i] is the greatest version of the batch before event i, greatest_api that of the whole batch.
//  - tail is what chain_hash.h puts behind the id; the digest of a staged payload was stored with it.
//  - large is 0 for an event whose payload is its row's.
// ESI.. and ESC.. are SQLSTATEs of our own: an error of category Invalid, and Corrupt.
std::string_view postgresql_functions() {
    return R"sql(
CREATE OR REPLACE FUNCTION store_positions(
    this_instance int, nodes text[], filters smallint[], event_ids bigint[], generations bigint[],
    kinds smallint[], firsts bytea[], seconds bytea[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO node_position (instance, node, filter, event_id, generation, kind, key_first, key_second)
    SELECT this_instance, p.*
    FROM unnest(nodes, filters, event_ids, generations, kinds, firsts, seconds)
        AS p (node, filter, event_id, generation, kind, key_first, key_second)
    ORDER BY node, filter
    ON CONFLICT (instance, node, filter) DO UPDATE SET
        event_id = excluded.event_id, generation = excluded.generation, kind = excluded.kind,
        key_first = excluded.key_first, key_second = excluded.key_second;
END $$;

CREATE OR REPLACE FUNCTION numbers_of_hashes(wanted bytea[]) RETURNS int[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY(SELECT (SELECT h.number FROM hash h WHERE h.bytes = w.bytes)
                 FROM unnest(wanted) WITH ORDINALITY AS w (bytes, n) ORDER BY w.n);
END $$;

CREATE OR REPLACE FUNCTION numbers_of_keys(wanted bytea[]) RETURNS int[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY(SELECT (SELECT k.number FROM public_key k WHERE k.bytes = w.bytes)
                 FROM unnest(wanted) WITH ORDINALITY AS w (bytes, n) ORDER BY w.n);
END $$;

CREATE OR REPLACE FUNCTION append(
    this_instance int, network text, greatest_api bigint, hashes bytea[], keys bytea[],
    kinds smallint[], sources smallint[], blocks smallint[], signers smallint[], firsts bytea[], seconds bytea[],
    api bigint[], received bigint[], eras bigint[], heights bigint[], accounts bytea[], large bigint[],
    encodings smallint[], payloads bytea[], tails bytea[],
    nodes text[], filters smallint[], event_ids bigint[], generations bigint[], position_kinds smallint[],
    position_firsts bytea[], position_seconds bytea[],
    OUT stored boolean, OUT fresh boolean[], OUT first_id bigint, OUT api_before bigint, OUT oldest bigint,
    OUT next bigint, OUT api_after bigint, OUT log_network text)
LANGUAGE plpgsql AS $$
DECLARE
    head log%ROWTYPE;
    block_numbers int[];
    key_numbers int[];
    seen bigint;
    forgotten_before bigint;
    added bigint := 0;
    ids bigint[] := '{}';
    chains bytea[] := '{}';
    tail bytea;
    i int := 0;
    wanted bigint;
    found_payloads bigint;
BEGIN
    SELECT * INTO STRICT head FROM log;
    LOOP
        block_numbers := numbers_of_hashes(hashes);
        key_numbers := numbers_of_keys(keys);
        fresh := ARRAY(
            -- Not EXISTS: that would be planned as a look at every event.
            SELECT CASE WHEN e.kind = 6 THEN coalesce((
                    SELECT s.id FROM event s WHERE s.kind = 6 AND s.block = block_numbers[e.block]
                        AND s.signer = key_numbers[e.signer] LIMIT 1), (
                    SELECT p.id FROM pruned_key p WHERE p.kind = 6 AND p.block = block_numbers[e.block]
                        AND p.signer = key_numbers[e.signer] LIMIT 1))
                ELSE coalesce((
                    SELECT s.id FROM event s WHERE s.kind <> 6 AND s.kind = e.kind
                        AND s.key_first = e.first AND s.key_second = e.second LIMIT 1), (
                    SELECT p.id FROM pruned_key p WHERE p.kind <> 6 AND p.kind = e.kind
                        AND p.key_first = e.first AND p.key_second = e.second LIMIT 1))
                END IS NULL
            FROM unnest(kinds, blocks, signers, firsts, seconds)
                WITH ORDINALITY AS e (kind, block, signer, first, second, n) ORDER BY e.n);
        stored := true = ANY (fresh) OR greatest_api > head.api_version
            OR (network <> '' AND network <> head.network_name);
        seen := head.next_id;
        forgotten_before := head.forgotten;
        EXIT WHEN NOT stored;
        SELECT * INTO STRICT head FROM log FOR UPDATE;
        EXIT WHEN head.next_id = seen AND head.forgotten = forgotten_before;
    END LOOP;
    first_id := head.next_id;
    api_before := head.api_version;
    oldest := head.oldest_id;
    next := head.next_id;
    api_after := head.api_version;
    log_network := head.network_name;
    IF NOT stored THEN
        RETURN;
    END IF;
    IF network <> '' AND head.network_name <> '' AND network <> head.network_name THEN
        RAISE EXCEPTION 'the log holds events of the network %, not of %; each network needs a log of its own',
            head.network_name, network USING ERRCODE = 'ESI01';
    END IF;

    IF true = ANY (fresh) THEN
        -- What has no number yet is of fresh events.
        IF array_position(block_numbers, NULL) IS NOT NULL THEN
            INSERT INTO hash (bytes)
            SELECT h.bytes FROM unnest(hashes, block_numbers) AS h (bytes, number) WHERE h.number IS NULL;
            block_numbers := numbers_of_hashes(hashes);
        END IF;
        IF array_position(key_numbers, NULL) IS NOT NULL THEN
            INSERT INTO public_key (bytes)
            SELECT k.bytes FROM unnest(keys, key_numbers) AS k (bytes, number) WHERE k.number IS NULL;
            key_numbers := numbers_of_keys(keys);
        END IF;

        FOREACH tail IN ARRAY tails LOOP
            i := i + 1;
            IF fresh[i] THEN
                IF large[i] <> 0 THEN
                    tail := tail || (SELECT p.digest FROM large_payload p WHERE p.number = large[i]);
                END IF;
                head.chain_hash := sha256(head.chain_hash || int8send(next) || tail);
                ids := ids || next;
                chains := chains || coalesce(head.chain_hash, ''::bytea);
                next := next + 1;
            ELSE
                ids := ids || NULL::bigint;
                chains := chains || NULL::bytea;
            END IF;
        END LOOP;

        IF 0 <> ANY (large) THEN
            SELECT count(*) INTO wanted FROM unnest(ids, large) AS e (id, large)
            WHERE e.id IS NOT NULL AND e.large <> 0;
            UPDATE large_payload p SET appended = true FROM unnest(ids, large) AS e (id, large)
            WHERE e.id IS NOT NULL AND e.large <> 0 AND p.number = e.large AND NOT p.appended;
            GET DIAGNOSTICS found_payloads = ROW_COUNT;
            IF found_payloads <> wanted THEN
                RAISE EXCEPTION 'an event refers to a payload which is not staged' USING ERRCODE = 'ESI02';
            END IF;
        END IF;

        WITH inserted AS (
        INSERT INTO event (id, received_at, api_version, era, height, large_payload, block, signer, instance,
                           kind, source, encoding, key_first, key_second, account, chain_hash, payload)
        SELECT e.id, e.received, greatest(e.api, head.api_version), e.era, e.height, nullif(e.large, 0),
            block_numbers[e.block], key_numbers[e.signer], CASE WHEN e.source = 3 THEN this_instance END,
            e.kind, e.source, e.encoding, e.first, e.second, e.account, e.chain, e.payload
        FROM (SELECT unnest(ids) AS id, unnest(chains) AS chain, unnest(kinds) AS kind, unnest(sources) AS source,
                  unnest(blocks) AS block, unnest(signers) AS signer, unnest(firsts) AS first,
                  unnest(seconds) AS second, unnest(api) AS api, unnest(received) AS received, unnest(eras) AS era,
                  unnest(heights) AS height, unnest(accounts) AS account, unnest(large) AS large,
                  unnest(encodings) AS encoding, unnest(payloads) AS payload) AS e
        WHERE e.id IS NOT NULL
        RETURNING stored_bytes(kind, payload, key_first, key_second, large_payload) AS bytes)
        SELECT sum(n.bytes) INTO added FROM inserted n;
    END IF;

    PERFORM store_positions(this_instance, nodes, filters, event_ids, generations, position_kinds,
                            position_firsts, position_seconds);
    api_after := greatest(head.api_version, greatest_api);
    log_network := CASE WHEN network = '' THEN head.network_name ELSE network END;
    UPDATE log SET next_id = next, api_version = api_after, network_name = log_network,
                   chain_hash = head.chain_hash, stored_bytes = head.stored_bytes + added;
    PERFORM pg_notify('event_sidecar', next::text);
END $$;
)sql";
}

}  // namespace storage
