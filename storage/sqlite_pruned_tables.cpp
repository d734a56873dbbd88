#include "storage/sqlite_pruned_tables.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace storage {

namespace {

constexpr base::EventId kMostKeys = 2048;
constexpr std::int64_t kFewPages = 128;  // not worth the trouble
constexpr int kMostPages = 256;
constexpr std::chrono::milliseconds kLongestVacuum{4};

std::string limited(std::string_view sql) {
    return std::string(sql) + std::to_string(kMostRowsPruned);
}

}  // namespace

SqlitePrunedTables::SqlitePrunedTables(SqliteWriter& writer, std::vector<base::Kind> kept,
                                       std::atomic<base::EventId>& oldest)
    : writer_(writer),
      kept_(std::move(kept)),
      oldest_(oldest),
      next_id_(writer.connection().prepare("SELECT next_id FROM log")),
      received_(
          writer.connection().prepare("SELECT received_at FROM event WHERE id >= ?1 ORDER BY id LIMIT 1")),
      candidates_(writer.connection().prepare(
          limited("SELECT id, kind, large_payload, length(payload), chain_hash FROM event WHERE id >= ?1 AND "
                  "id < ?2 ORDER BY id LIMIT "))),
      delete_event_(writer.connection().prepare("DELETE FROM event WHERE id = ?1")),
      release_payload_(
          writer.connection().prepare("UPDATE large_payload SET appended = 0 WHERE number = ?1")),
      extend_run_(writer.connection().prepare(
          "UPDATE pruned_run SET last_id = ?1, end_hash = ?2 WHERE first_id = (SELECT max(first_id) FROM "
          "pruned_run WHERE first_id < ?1) AND last_id = ?1 - 1")),
      add_run_(writer.connection().prepare("INSERT INTO pruned_run VALUES (?1, ?1, ?2)")),
      set_oldest_(writer.connection().prepare("UPDATE log SET oldest_id = ?1")),
      note_oldest_(writer.connection().prepare(
          "INSERT INTO pruning SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM pruning WHERE at > ?1 - ?3)")),
      drop_old_notes_(writer.connection().prepare(
          "DELETE FROM pruning WHERE at < (SELECT max(at) FROM pruning WHERE at <= ?1)")),
      oldest_a_day_ago_(writer.connection().prepare("SELECT max(oldest_id) FROM pruning WHERE at <= ?1")),
      first_noted_(writer.connection().prepare("SELECT oldest_id FROM pruning ORDER BY at LIMIT 1")),
      forget_keys_(writer.connection().prepare(
          "DELETE FROM event_key WHERE (kind, first, second) IN (SELECT k.kind, k.first, k.second FROM "
          "event_key k LEFT JOIN event e ON e.id = k.id WHERE k.id >= ?1 AND k.id < ?2 AND e.id IS NULL)")),
      next_block_(writer.connection().prepare("SELECT block, max(id) FROM signature_key WHERE block = "
                                              "(SELECT min(block) FROM signature_key WHERE "
                                              "block > ?1) GROUP BY block")),
      event_exists_(writer.connection().prepare("SELECT 1 FROM event WHERE id = ?1")),
      forget_signatures_(writer.connection().prepare("DELETE FROM signature_key WHERE block = ?1")),
      forget_block_(writer.connection().prepare("DELETE FROM block WHERE number = ?1")),
      vacuum_(writer.connection().prepare("PRAGMA incremental_vacuum")) {}

bool SqlitePrunedTables::keeps(std::int64_t kind) const {
    return std::ranges::find(kept_, static_cast<base::Kind>(kind)) != kept_.end();
}

PrunedTables::State SqlitePrunedTables::state() {
    const auto turn = writer_.maintenance_turn();
    const auto& connection = writer_.connection();
    const auto pages = connection.integer("PRAGMA page_count") - connection.integer("PRAGMA freelist_count");
    const auto used = static_cast<std::uint64_t>(pages * connection.integer("PRAGMA page_size"));
    return {{oldest_, static_cast<base::EventId>(next_id_.integer().value_or(1))},
            used - std::min(used, bytes_of_old_keys())};
}

/// Of events that are deleted; about, as if all were signatures.
std::uint64_t SqlitePrunedTables::bytes_of_old_keys() {
    constexpr std::uint64_t kBytesOfAKey = 16;
    if (keeps(static_cast<std::int64_t>(base::Kind::FinalitySignature))) return 0;
    const auto forgotten = static_cast<base::EventId>(first_noted_.integer().value_or(0));
    return (oldest_ - std::min(oldest_.load(), forgotten)) * kBytesOfAKey;
}

std::optional<UnixMs> SqlitePrunedTables::received_at(base::EventId id) {
    const auto turn = writer_.maintenance_turn();
    return received_.integer(id);
}

std::optional<PrunedTables::Deleted> SqlitePrunedTables::delete_events(base::EventId to, UnixMs now) {
    Deleted deleted;
    const auto turn = writer_.maintenance_turn();
    SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
    if (!sweep_to_) sweep_to_ = oldest_.load();
    if (swept_to_ < *sweep_to_) {
        const auto reached = delete_some(swept_to_, *sweep_to_, deleted);
        transaction.commit();
        swept_to_ = reached;
        return deleted;
    }
    const auto reached = delete_some(oldest_, to, deleted);
    set_oldest_.execute(reached);
    note_oldest(reached, now);
    transaction.commit();
    oldest_ = reached;
    return deleted;
}

/// Of [from, to), what may go; up to which id it came.
base::EventId SqlitePrunedTables::delete_some(base::EventId from, base::EventId to, Deleted& deleted) {
    auto reached = from;
    std::size_t bytes = 0;
    std::int64_t count = 0;
    auto rows = candidates_.query(from, to);
    while (bytes < kMostBytesPruned && rows.next()) {
        const auto id = static_cast<base::EventId>(rows.integer(0));
        reached = id + 1;
        ++count;
        if (keeps(rows.integer(1))) continue;
        std::optional<std::uint64_t> payload;
        if (!rows.is_null(2))
            deleted.payloads.push_back(*(payload = static_cast<std::uint64_t>(rows.integer(2))));
        bytes += static_cast<std::size_t>(rows.integer(3));
        delete_event(id, rows.blob(4), payload);
        ++deleted.events;
    }
    return bytes < kMostBytesPruned && count < kMostRowsPruned ? to : reached;
}

void SqlitePrunedTables::delete_event(base::EventId id, Blob chain_hash,
                                      std::optional<std::uint64_t> payload) {
    if (extend_run_.execute(id, chain_hash) == 0) add_run_.execute(id, chain_hash);
    delete_event_.execute(id);
    if (payload) release_payload_.execute(*payload);
}

void SqlitePrunedTables::note_oldest(base::EventId oldest, UnixMs now) {
    note_oldest_.execute(now, oldest, kBetweenNotes);
    drop_old_notes_.execute(now - kKeysAreKnownFor);
}

bool SqlitePrunedTables::forget_keys(UnixMs now) {
    const auto turn = writer_.maintenance_turn();
    // The keys of events below were known for long enough.
    const auto below =
        static_cast<base::EventId>(oldest_a_day_ago_.integer(now - kKeysAreKnownFor).value_or(0));
    SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
    if (keys_forgotten_below_ < below) {
        const auto to = std::min(below, keys_forgotten_below_ + kMostKeys);
        forget_keys_.execute(keys_forgotten_below_, to);
        transaction.commit();
        keys_forgotten_below_ = to;
        return true;
    }
    const bool more = forget_signatures(below);
    transaction.commit();
    return more;
}

/// Block by block: numbers are given in the order of time.
bool SqlitePrunedTables::forget_signatures(base::EventId below) {
    if (keeps(static_cast<std::int64_t>(base::Kind::FinalitySignature))) return false;
    auto rows = next_block_.query(last_block_looked_at_);
    if (!rows.next()) return false;
    const auto block = rows.integer(0);
    const auto newest = static_cast<base::EventId>(rows.integer(1));
    if (newest >= below) return false;
    last_block_looked_at_ = block;
    if (event_exists_.integer(newest)) return true;
    forget_signatures_.execute(block);
    forget_block_.execute(block);
    return true;
}

/// What a page costs differs greatly: a free one at the file's end is looked for in the whole list of free
/// pages. So it is time that bounds a step.
bool SqlitePrunedTables::give_back_space() {
    const auto turn = writer_.maintenance_turn();
    const auto& connection = writer_.connection();
    if (connection.integer("PRAGMA freelist_count") < kFewPages) return false;
    const auto until = std::chrono::steady_clock::now() + kLongestVacuum;
    SqliteTransaction transaction(connection, SqliteTransaction::Kind::Write);
    {
        auto pages = vacuum_.query();
        for (int count = 0; count < kMostPages && pages.next(); ++count) {
            if (std::chrono::steady_clock::now() >= until) break;
        }
    }
    transaction.commit();
    return true;
}

}  // namespace storage
