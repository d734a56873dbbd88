#include "storage/postgresql_node_store.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace storage {

namespace {

using Session = PostgresqlPool::Session;

const PostgresqlStatement kIntents{
    "intents",
    "SELECT node, wish, configuration FROM node_intent WHERE instance = $1 ORDER BY node COLLATE \"C\""};
const PostgresqlStatement kSaveIntent{
    "save_intent",
    "INSERT INTO node_intent (instance, node, wish, configuration) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (instance, node) DO UPDATE SET wish = excluded.wish, configuration = "
    "excluded.configuration"};
const PostgresqlStatement kGaps{"gaps",
                                "SELECT node, filter, generation, first_id, last_id, at FROM node_gap WHERE "
                                "instance = $1 ORDER BY number"};
// Found again, it is the newest.
const PostgresqlStatement kForgetGap{
    "forget_gap",
    "DELETE FROM node_gap WHERE instance = $1 AND node = $2 AND filter = $3 AND generation = $4 "
    "AND first_id = $5"};
const PostgresqlStatement kSaveGap{
    "save_gap",
    "INSERT INTO node_gap (instance, node, filter, generation, first_id, last_id, at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
const PostgresqlStatement kTrimGaps{
    "trim_gaps",
    "DELETE FROM node_gap WHERE instance = $1 AND node = $2 AND number <= (SELECT g.number FROM "
    "node_gap g WHERE g.instance = $1 AND g.node = $2 ORDER BY g.number DESC LIMIT 1 OFFSET $3)"};
const PostgresqlStatement kAddHistory{
    "add_history",
    "INSERT INTO node_history (instance, node, at, from_state, to_state, cause, message, attempt, height, "
    "build_version, network_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
const PostgresqlStatement kSaveObserved{
    "save_observed",
    "INSERT INTO node_observed (instance, node, at, from_state, to_state, cause, message, attempt, height, "
    "build_version, network_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (instance, node) DO UPDATE SET at = excluded.at, from_state = excluded.from_state, "
    "to_state = excluded.to_state, cause = excluded.cause, message = excluded.message, "
    "attempt = excluded.attempt, height = excluded.height, build_version = excluded.build_version, "
    "network_name = excluded.network_name"};
const PostgresqlStatement kTrimHistory{
    "trim_history",
    "DELETE FROM node_history WHERE instance = $1 AND node = $2 AND number <= (SELECT h.number FROM "
    "node_history h WHERE h.instance = $1 AND h.node = $2 ORDER BY h.number DESC LIMIT 1 OFFSET $3)"};
const PostgresqlStatement kHistory{
    "history",
    "SELECT at, from_state, to_state, cause, message, attempt, height, build_version, network_name "
    "FROM node_history WHERE instance = $1 AND node = $2 ORDER BY number DESC LIMIT $3"};
enum Column : int { At, From, To, Cause, Message, Attempt, Height, BuildVersion, NetworkName };

/// What nodes say may be anything; the server takes text only.
std::string as_utf8(std::string_view bytes) {
    std::string text(bytes);
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        const std::size_t size = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe1 && c < 0xed ? 3 : 0;
        bool sound = size != 0 && c != 0 && i + size <= text.size();
        for (std::size_t k = 1; sound && k < size; ++k)
            sound = (static_cast<unsigned char>(text[i + k]) & 0xc0U) == 0x80;
        if (sound) {
            i += size;
        } else {
            text[i++] = '?';
        }
    }
    return text;
}

std::vector<NodeIntent> load_intents(PostgresqlPool& pool, std::int64_t instance) {
    return pool.use([&](Session& session) {
        std::vector<NodeIntent> intents;
        for (const auto& row : session.connection.execute(kIntents, instance)) {
            const auto wish = row[1].as<int>();
            if (wish < 0 || wish > static_cast<int>(NodeIntent::Wish::Deleted))
                throw PostgresqlFailure::corrupt("the table node_intent holds an unknown wish");
            intents.push_back({.node = row[0].as<std::string>(),
                               .wish = static_cast<NodeIntent::Wish>(wish),
                               .configuration = row[2].as<std::string>()});
        }
        return intents;
    });
}

std::vector<NodeGap> load_gaps(PostgresqlPool& pool, std::int64_t instance) {
    return pool.use([&](Session& session) {
        std::vector<NodeGap> gaps;
        for (const auto& row : session.connection.execute(kGaps, instance)) {
            const auto filter = row[1].as<int>();
            if (filter < 0 || filter >= static_cast<int>(base::kNodeFilterCount))
                throw PostgresqlFailure::corrupt("the table node_gap holds an unknown endpoint");
            NodeGap& gap = gaps.emplace_back();
            gap.node = row[0].as<std::string>();
            gap.filter = static_cast<base::Filter>(filter);
            gap.generation = row[2].as<std::uint32_t>();
            gap.first = row[3].as<std::uint32_t>();
            if (!row[4].is_null()) gap.last = row[4].as<std::uint32_t>();
            gap.at = row[5].as<std::int64_t>();
        }
        return gaps;
    });
}

std::optional<std::int64_t> as_signed(const std::optional<std::uint64_t>& value) {
    if (!value) return std::nullopt;
    return static_cast<std::int64_t>(*value);
}

NodeObservation to_observation(std::string_view node, const pqxx::row& row) {
    NodeObservation observation;
    observation.node = node;
    observation.at = row[Column::At].as<std::int64_t>();
    observation.from = row[Column::From].as<std::string>();
    observation.to = row[Column::To].as<std::string>();
    observation.cause = row[Column::Cause].as<std::string>();
    observation.message = row[Column::Message].as<std::string>();
    observation.attempt = row[Column::Attempt].as<std::uint32_t>();
    if (!row[Column::Height].is_null())
        observation.height = static_cast<std::uint64_t>(row[Column::Height].as<std::int64_t>());
    observation.build_version = row[Column::BuildVersion].as<std::string>();
    observation.network_name = row[Column::NetworkName].as<std::string>();
    return observation;
}

}  // namespace

PostgresqlNodeStore::PostgresqlNodeStore(PostgresqlPool& writer, PostgresqlPool& readers,
                                         std::int64_t instance, base::Log log, std::function<void()> wake)
    : QueuedNodeStore({load_intents(writer, instance), load_gaps(writer, instance)}, std::move(log),
                      std::move(wake)),
      writer_(writer),
      readers_(readers),
      instance_(instance) {}

base::Result<std::vector<NodeObservation>> PostgresqlNodeStore::history(std::string_view node,
                                                                        std::size_t most) const {
    return readers_.try_read([&](Session& session) {
        std::vector<NodeObservation> observations;
        const auto rows = session.connection.execute(kHistory, instance_, std::string(node),
                                                     std::min(most, kHistoryPerNode));
        for (const auto& row : rows) observations.push_back(to_observation(node, row));
        return observations;
    });
}

void PostgresqlNodeStore::write(const Batch& batch) {
    writer_.use([&](Session& session) {
        PostgresqlTransaction transaction(session.connection);
        for (const auto& [intent, done] : batch.requests) {
            session.connection.execute(kSaveIntent, instance_, intent.node, static_cast<int>(intent.wish),
                                       intent.configuration);
        }
        for (const auto& [gap, done] : batch.gaps) write_gap(session.connection, gap);
        for (const auto& observation : batch.observations) write_observation(session.connection, observation);
        transaction.commit();
    });
}

void PostgresqlNodeStore::write_gap(PostgresqlConnection& connection, const NodeGap& gap) const {
    const auto filter = static_cast<int>(gap.filter);
    connection.execute(kForgetGap, instance_, gap.node, filter, gap.generation, gap.first);
    const auto save = [&](const auto& last) {
        connection.execute(kSaveGap, instance_, gap.node, filter, gap.generation, gap.first, last, gap.at);
    };
    gap.last ? save(*gap.last) : save(nullptr);
    connection.execute(kTrimGaps, instance_, gap.node, kGapsPerNode);
}

void PostgresqlNodeStore::write_observation(PostgresqlConnection& connection,
                                            const NodeObservation& o) const {
    const auto height = as_signed(o.height);
    const auto message = as_utf8(o.message);
    const auto build_version = as_utf8(o.build_version);
    const auto network_name = as_utf8(o.network_name);
    for (const auto* statement : {&kSaveObserved, &kAddHistory}) {
        const auto save = [&](const auto& stored_height) {
            connection.execute(*statement, instance_, o.node, o.at, o.from, o.to, o.cause, message, o.attempt,
                               stored_height, build_version, network_name);
        };
        height ? save(*height) : save(nullptr);
    }
    connection.execute(kTrimHistory, instance_, o.node, kHistoryPerNode);
}

}  // namespace storage
