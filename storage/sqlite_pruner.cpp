#include "storage/sqlite_pruner.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace storage {

namespace {

using namespace std::chrono_literals;

// In one transaction: an append waits for no more.
constexpr std::int64_t kMostRows = 256;
constexpr std::size_t kMostBytes = std::size_t{512} << 10U;
constexpr base::EventId kMostKeys = 2048;
constexpr std::int64_t kMostPages = 128;

constexpr auto kBetweenLooks = 30s;
constexpr auto kBetweenTries = 50ms;
constexpr std::int64_t kDay = std::int64_t{24} * 3600 * 1000;
constexpr std::int64_t kBetweenNotes = std::int64_t{10} * 60 * 1000;

std::string limited(std::string_view sql) {
    return std::string(sql) + std::to_string(kMostRows);
}

}  // namespace

SqlitePruner::SqlitePruner(SqliteWriter& writer, PayloadStager& stager, const RetentionOptions& options,
                           std::atomic<base::EventId>& oldest, base::Log log, UnixTime now)
    : writer_(writer),
      stager_(stager),
      options_(options),
      oldest_(oldest),
      log_(std::move(log)),
      now_(std::move(now)),
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
      forget_keys_(writer.connection().prepare(
          "DELETE FROM event_key WHERE (kind, first, second) IN (SELECT k.kind, k.first, k.second FROM "
          "event_key k LEFT JOIN event e ON e.id = k.id WHERE k.id >= ?1 AND k.id < ?2 AND e.id IS NULL)")),
      next_block_(writer.connection().prepare("SELECT block, max(id) FROM signature_key WHERE block = "
                                              "(SELECT min(block) FROM signature_key WHERE "
                                              "block > ?1) GROUP BY block")),
      event_exists_(writer.connection().prepare("SELECT 1 FROM event WHERE id = ?1")),
      forget_signatures_(writer.connection().prepare("DELETE FROM signature_key WHERE block = ?1")),
      forget_block_(writer.connection().prepare("DELETE FROM block WHERE number = ?1")) {}

std::optional<SqlitePruner::Clock::time_point> SqlitePruner::step() {
    if (!deletes()) return std::nullopt;
    const auto now = Clock::now();
    // The parts of payloads go after their events; until then the size is not what it will be.
    if (stager_.has_work()) return now + kBetweenTries;
    if (now >= next_look_) {
        if (const auto keep_from = first_to_keep(); oldest_ < keep_from) {
            if (!sweep_below()) prune(keep_from);
            return now;
        }
        next_look_ = now + kBetweenLooks;
    }
    if (forget_keys() || give_back_space()) return now;
    return next_look_;
}

bool SqlitePruner::keeps(std::int64_t kind) const {
    return std::ranges::find(options_.keep_kinds, static_cast<base::Kind>(kind)) != options_.keep_kinds.end();
}

/// Everything below may go.
base::EventId SqlitePruner::first_to_keep() {
    const auto turn = writer_.maintenance_turn();
    const auto next = static_cast<base::EventId>(next_id_.integer().value_or(1));
    auto first = options_.max_age_in_days ? first_young_enough(next) : oldest_.load();
    if (first <= oldest_ && is_too_large()) {
        first = std::min(next, oldest_ + kMostRows);
        if (first == oldest_ && !std::exchange(told_too_large_, true)) {
            log_->warn(
                "[storage.retention] what is never deleted is larger than max_size_in_mb = {} by itself",
                *options_.max_size_in_mb);
        }
    }
    return first;
}

/// The ids are in the order of time, but for small differences that do not matter over days.
base::EventId SqlitePruner::first_young_enough(base::EventId next) {
    const auto limit = now_() - static_cast<std::int64_t>(*options_.max_age_in_days) * kDay;
    base::EventId low = oldest_;
    base::EventId high = next;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        const auto received = received_.integer(middle);
        if (received && *received < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool SqlitePruner::is_too_large() {
    if (!options_.max_size_in_mb) return false;
    const auto& connection = writer_.connection();
    const auto pages = connection.integer("PRAGMA page_count") - connection.integer("PRAGMA freelist_count");
    const auto bytes = static_cast<std::uint64_t>(pages * connection.integer("PRAGMA page_size"));
    return bytes > *options_.max_size_in_mb * 1'000'000;
}

void SqlitePruner::prune(base::EventId to) {
    oldest_ = delete_some(oldest_, to, true);
}

/// Below the oldest id there are the kept kinds, but in a log that was repaired also what is older than the
/// lost events: once the oldest may go, that may. Once in a process; false, when there is nothing left to
/// look at.
bool SqlitePruner::sweep_below() {
    if (!sweep_to_) sweep_to_ = oldest_.load();
    if (swept_to_ >= *sweep_to_) return false;
    swept_to_ = delete_some(swept_to_, *sweep_to_, false);
    return true;
}

/// Of [from, to): up to which id it came.
base::EventId SqlitePruner::delete_some(base::EventId from, base::EventId to, bool moves_oldest) {
    auto reached = from;
    std::vector<std::uint64_t> payloads;
    {
        const auto turn = writer_.maintenance_turn();
        SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
        std::size_t bytes = 0;
        std::int64_t count = 0;
        auto rows = candidates_.query(from, to);
        while (bytes < kMostBytes && rows.next()) {
            const auto id = static_cast<base::EventId>(rows.integer(0));
            reached = id + 1;
            ++count;
            if (keeps(rows.integer(1))) continue;
            std::optional<std::uint64_t> payload;
            if (!rows.is_null(2))
                payloads.push_back(*(payload = static_cast<std::uint64_t>(rows.integer(2))));
            bytes += static_cast<std::size_t>(rows.integer(3));
            delete_event(id, rows.blob(4), payload);
        }
        if (bytes < kMostBytes && count < kMostRows) reached = to;
        if (moves_oldest) {
            set_oldest_.execute(reached);
            note_oldest(reached);
        }
        transaction.commit();
    }
    for (const auto number : payloads) stager_.discard(number);
    return reached;
}

void SqlitePruner::delete_event(base::EventId id, Blob chain_hash, std::optional<std::uint64_t> payload) {
    if (extend_run_.execute(id, chain_hash) == 0) add_run_.execute(id, chain_hash);
    delete_event_.execute(id);
    if (payload) release_payload_.execute(*payload);
}

void SqlitePruner::note_oldest(base::EventId oldest) {
    const auto now = now_();
    note_oldest_.execute(now, oldest, kBetweenNotes);
    drop_old_notes_.execute(now - kKeysAreKnownFor);
}

/// The keys of events below were known for long enough.
base::EventId SqlitePruner::forgotten_from() {
    return static_cast<base::EventId>(oldest_a_day_ago_.integer(now_() - kKeysAreKnownFor).value_or(0));
}

/// False, when there are none to be forgotten.
bool SqlitePruner::forget_keys() {
    const auto turn = writer_.maintenance_turn();
    const auto below = forgotten_from();
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
bool SqlitePruner::forget_signatures(base::EventId below) {
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

bool SqlitePruner::give_back_space() {
    const auto turn = writer_.maintenance_turn();
    const auto& connection = writer_.connection();
    if (connection.integer("PRAGMA freelist_count") < kMostPages) return false;
    connection.execute("PRAGMA incremental_vacuum(" + std::to_string(kMostPages) + ")");
    return true;
}

}  // namespace storage
