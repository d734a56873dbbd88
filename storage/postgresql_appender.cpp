#include "storage/postgresql_appender.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

#include "storage/batch.h"
#include "storage/chain_hash.h"
#include "storage/endpoint_condition.h"
#include "storage/postgresql_array.h"

namespace storage {

namespace {

using Type = ArrayParameter::Type;

const PostgresqlStatement kAppend{
    "append",
    "SELECT stored, fresh, first_id, api_before, oldest, next, api_after, log_network FROM append("
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, "
    "$23, $24)"};
enum Column : int { Stored, Fresh, FirstId, ApiBefore, Oldest, Next, ApiAfter, LogNetwork };

const PostgresqlStatement kStorePositions{"store_positions",
                                          "SELECT store_positions($1, $2, $3, $4, $5, $6, $7, $8)"};

std::string_view as_text(const base::KeyBytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void add_or_null(ArrayParameter& array, const base::KeyBytes& bytes) {
    bytes.empty() ? array.add_null() : array.add(as_text(bytes));
}

void add_or_null(ArrayParameter& array, const std::optional<std::uint64_t>& value) {
    value ? array.add(static_cast<std::int64_t>(*value)) : array.add_null();
}

/// The events of a batch that are sent: each natural key once, and no ApiVersion.
std::vector<std::size_t> rows_of(std::span<const base::Event> batch) {
    std::set<std::tuple<base::Kind, std::string_view, std::string_view>> keys;
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& event = batch[i];
        if (event.kind == base::Kind::ApiVersion) continue;
        if (keys.emplace(event.kind, as_text(event.key.first), as_text(event.key.second)).second)
            rows.push_back(i);
    }
    return rows;
}

std::int64_t greatest_version(std::span<const base::Event> batch) {
    std::int64_t greatest = 0;
    for (const auto& event : batch) {
        if (event.kind == base::Kind::ApiVersion) greatest = std::max(greatest, event.api_version.packed());
    }
    return greatest;
}

/// The parameters of append() for events, in its order.
class EventColumns {
  public:
    EventColumns(PayloadCodec& codec, bool pack) : codec_(codec), pack_(pack) {}

    void add(const base::Event& event, std::int64_t api_version) {
        const bool staged = event.staged_payload != 0;
        kinds.add(static_cast<std::int64_t>(event.kind));
        sources.add(static_cast<std::int64_t>(stored_source(event.kind, event.filter)));
        firsts.add(as_text(event.key.first));
        seconds.add(as_text(event.key.second));
        // The key holds the block's hash already, where it begins with it.
        add_or_null(blocks, event.block_hash == event.key.first ? base::KeyBytes{} : event.block_hash);
        api.add(api_version);
        received.add(received_at(event, clock_offset_ms_));
        add_or_null(eras, event.era);
        add_or_null(heights, event.height);
        add_or_null(accounts, event.account);
        large.add(static_cast<std::int64_t>(event.staged_payload));
        tails.add(
            chain_tail(event.kind, event.key, staged ? std::nullopt : std::optional(sha256(event.payload))));
        if (staged) {
            encodings.add(0);
            payloads.add_null();
            return;
        }
        const auto encoded = pack_ ? codec_.encode(event.payload, {event.key.first, event.key.second})
                                   : PayloadCodec::Encoded{Encoding::Plain, event.payload};
        encodings.add(static_cast<std::int64_t>(encoded.encoding));
        payloads.add(encoded.bytes);
    }

    ArrayParameter kinds{Type::Int2}, sources{Type::Int2}, firsts{Type::Bytea}, seconds{Type::Bytea},
        blocks{Type::Bytea}, api{Type::Int8}, received{Type::Int8}, eras{Type::Int8}, heights{Type::Int8},
        accounts{Type::Bytea}, large{Type::Int8}, encodings{Type::Int2}, payloads{Type::Bytea},
        tails{Type::Bytea};

  private:
    PayloadCodec& codec_;
    const bool pack_;
    const std::int64_t clock_offset_ms_ = steady_to_unix_ms();
};

/// The parameters of store_positions(), in its order.
struct PositionColumns {
    explicit PositionColumns(const Positions& positions) {
        for (const auto& [stream, stored] : positions) {
            nodes.add(std::string_view(stream.first));
            filters.add(static_cast<std::int64_t>(stream.second));
            event_ids.add(stored.position.event_id);
            generations.add(stored.position.generation);
            kinds.add(static_cast<std::int64_t>(stored.kind));
            firsts.add(as_text(stored.key.first));
            seconds.add(as_text(stored.key.second));
        }
    }

    ArrayParameter nodes{Type::Text}, filters{Type::Int2}, event_ids{Type::Int8}, generations{Type::Int8},
        kinds{Type::Int2}, firsts{Type::Bytea}, seconds{Type::Bytea};
};

struct Outcome {
    bool stored = false;
    std::string fresh;  ///< "{t,f,...}", an entry for each row
    base::EventId first_id = 0;
    base::ApiVersion api_before;
    PostgresqlHead head;
};

Outcome to_outcome(const pqxx::row& row) {
    Outcome outcome;
    outcome.stored = row[Column::Stored].as<bool>();
    outcome.fresh = row[Column::Fresh].as<std::string>();
    outcome.first_id = row[Column::FirstId].as<base::EventId>();
    outcome.api_before = base::ApiVersion::unpacked(row[Column::ApiBefore].as<std::int64_t>());
    outcome.head.range = {row[Column::Oldest].as<base::EventId>(), row[Column::Next].as<base::EventId>()};
    outcome.head.api_version = base::ApiVersion::unpacked(row[Column::ApiAfter].as<std::int64_t>());
    outcome.head.network_name = row[Column::LogNetwork].as<std::string>();
    return outcome;
}

Appended to_appended(const Outcome& outcome, std::span<const base::Event> batch,
                     const std::vector<std::size_t>& rows) {
    Appended appended;
    appended.ids.assign(batch.size(), 0);
    auto id = outcome.first_id;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (outcome.fresh.at(1 + 2 * i) == 't') appended.ids[rows[i]] = id++;
    }
    auto version = outcome.api_before;
    for (const auto& event : batch) {
        appended.versions.push_back(version);
        if (event.kind == base::Kind::ApiVersion) version = std::max(version, event.api_version);
    }
    appended.versions.push_back(version);
    return appended;
}

}  // namespace

PostgresqlAppender::PostgresqlAppender(PostgresqlPool& pool, PayloadStager& stager, KnownHead& head,
                                       std::int64_t instance, bool pack)
    : pool_(pool), stager_(stager), head_(head), instance_(instance), pack_(pack) {}

Appended PostgresqlAppender::append(std::span<const base::Event> batch, std::string_view network_name) {
    Positions positions = kept_back_;
    add_positions(positions, batch);
    const auto rows = rows_of(batch);

    const auto outcome = pool_.use([&](PostgresqlPool::Session& session) {
        EventColumns e(session.codec, pack_);
        base::ApiVersion version;
        auto row = rows.begin();
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (batch[i].kind == base::Kind::ApiVersion) version = std::max(version, batch[i].api_version);
            if (row == rows.end() || *row != i) continue;
            e.add(batch[i], version.packed());
            ++row;
        }
        PositionColumns p(positions);
        const auto result = session.connection.execute(
            kAppend, instance_, std::string(network_name), greatest_version(batch), e.kinds.parameter(),
            e.sources.parameter(), e.firsts.parameter(), e.seconds.parameter(), e.blocks.parameter(),
            e.api.parameter(), e.received.parameter(), e.eras.parameter(), e.heights.parameter(),
            e.accounts.parameter(), e.large.parameter(), e.encodings.parameter(), e.payloads.parameter(),
            e.tails.parameter(), p.nodes.parameter(), p.filters.parameter(), p.event_ids.parameter(),
            p.generations.parameter(), p.kinds.parameter(), p.firsts.parameter(), p.seconds.parameter());
        return to_outcome(result[0]);
    });

    auto appended = to_appended(outcome, batch, rows);
    head_.learn_and_tell(outcome.head);
    if (outcome.stored) {
        kept_back_.clear();
    } else {
        keep_back(std::move(positions));
    }

    std::vector<std::uint64_t> used;
    std::vector<std::uint64_t> duplicate;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch[i].staged_payload == 0) continue;
        (appended.ids[i] != 0 ? used : duplicate).push_back(batch[i].staged_payload);
    }
    stager_.settle(used, duplicate);
    return appended;
}

/// What cannot be stored now is kept for the next time: the batch itself is stored.
void PostgresqlAppender::keep_back(Positions positions) {
    if (kept_back_.empty()) kept_back_since_ = Clock::now();
    kept_back_ = std::move(positions);
    if (kept_back_.empty() || Clock::now() - kept_back_since_ < kLongestKeptBack) return;
    flush();
}

void PostgresqlAppender::flush() {
    if (kept_back_.empty()) return;
    store_positions(kept_back_);
    kept_back_.clear();
}

void PostgresqlAppender::store_positions(const Positions& positions) {
    PositionColumns p(positions);
    pool_.use([&](PostgresqlPool::Session& session) {
        return session.connection.execute(
            kStorePositions, instance_, p.nodes.parameter(), p.filters.parameter(), p.event_ids.parameter(),
            p.generations.parameter(), p.kinds.parameter(), p.firsts.parameter(), p.seconds.parameter());
    });
}

}  // namespace storage
