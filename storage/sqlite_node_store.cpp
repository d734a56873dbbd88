#include "storage/sqlite_node_store.h"

#include <string>
#include <utility>

namespace storage {

namespace {

std::string insert_observation(std::string_view insert_into) {
    return std::string(insert_into) +
           " (node, at, from_state, to_state, cause, message, attempt, height, build_version, network_name) "
           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
}

void execute(SqliteStatement& insert, const NodeObservation& o) {
    insert.execute(o.node, o.at, o.from, o.to, o.cause, o.message, o.attempt, o.height, o.build_version,
                   o.network_name);
}

std::vector<NodeIntent> load_intents(const SqliteConnection& connection) {
    auto statement = connection.prepare("SELECT node, wish, configuration FROM node_intent ORDER BY node");
    auto rows = statement.query();
    std::vector<NodeIntent> intents;
    while (rows.next()) {
        const auto wish = rows.integer(1);
        if (wish < 0 || wish > static_cast<std::int64_t>(NodeIntent::Wish::Deleted))
            throw SqliteFailure::corrupt("the table node_intent holds an unknown wish");
        intents.push_back({.node = std::string(rows.text(0)),
                           .wish = static_cast<NodeIntent::Wish>(wish),
                           .configuration = std::string(rows.text(2))});
    }
    return intents;
}

std::vector<NodeGap> load_gaps(const SqliteConnection& connection) {
    auto statement = connection.prepare(
        "SELECT node, filter, generation, first_id, last_id, at FROM node_gap ORDER BY number");
    auto rows = statement.query();
    std::vector<NodeGap> gaps;
    while (rows.next()) {
        const auto filter = rows.integer(1);
        if (filter < 0 || filter >= static_cast<std::int64_t>(base::kNodeFilterCount))
            throw SqliteFailure::corrupt("the table node_gap holds an unknown endpoint");
        NodeGap& gap = gaps.emplace_back();
        gap.node = rows.text(0);
        gap.filter = static_cast<base::Filter>(filter);
        gap.generation = static_cast<std::uint32_t>(rows.integer(2));
        gap.first = static_cast<std::uint32_t>(rows.integer(3));
        if (!rows.is_null(4)) gap.last = static_cast<std::uint32_t>(rows.integer(4));
        gap.at = rows.integer(5);
    }
    return gaps;
}

}  // namespace

SqliteNodeStore::SqliteNodeStore(SqliteWriter& writer, ReaderPool<SqliteReader>& readers, base::Log log,
                                 std::function<void()> wake)
    : QueuedNodeStore({load_intents(writer.connection()), load_gaps(writer.connection())}, std::move(log),
                      std::move(wake)),
      writer_(writer),
      readers_(readers),
      save_intent_(writer.connection().prepare(
          "INSERT OR REPLACE INTO node_intent (node, wish, configuration) VALUES (?1, ?2, ?3)")),
      save_gap_(writer.connection().prepare(
          "INSERT OR REPLACE INTO node_gap (node, filter, generation, first_id, last_id, at) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")),
      trim_gaps_(writer.connection().prepare(
          "DELETE FROM node_gap WHERE node = ?1 AND number <= (SELECT number FROM node_gap "
          "WHERE node = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)")),
      save_observed_(writer.connection().prepare(insert_observation("INSERT OR REPLACE INTO node_observed"))),
      insert_history_(writer.connection().prepare(insert_observation("INSERT INTO node_history"))),
      trim_history_(writer.connection().prepare(
          "DELETE FROM node_history WHERE node = ?1 AND number <= (SELECT number FROM node_history "
          "WHERE node = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)")) {}

base::Result<std::vector<NodeObservation>> SqliteNodeStore::history(std::string_view node,
                                                                    std::size_t most) const {
    return readers_.read([&](SqliteReader& reader) { return reader.node_history(node, most); });
}

void SqliteNodeStore::write(const Batch& batch) {
    const auto turn = writer_.maintenance_turn();
    SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
    for (const auto& [intent, done] : batch.requests) {
        save_intent_.execute(intent.node, static_cast<std::int64_t>(intent.wish), intent.configuration);
    }
    for (const auto& [gap, done] : batch.gaps) {
        save_gap_.execute(gap.node, static_cast<std::int64_t>(gap.filter), gap.generation, gap.first,
                          gap.last, gap.at);
        trim_gaps_.execute(gap.node, kGapsPerNode);
    }
    for (const auto& observation : batch.observations) write_observation(observation);
    transaction.commit();
}

void SqliteNodeStore::write_observation(const NodeObservation& observation) {
    execute(save_observed_, observation);
    execute(insert_history_, observation);
    trim_history_.execute(observation.node, kHistoryPerNode);
}

}  // namespace storage
