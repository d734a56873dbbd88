#include "storage/sqlite_appender.h"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/sqlite_reader.h"

namespace storage {

namespace {

using namespace std::chrono_literals;

/// How long positions of batches without news may stay in memory: a crash costs the reading of so much again.
constexpr auto kLongestKeptBack = 1s;

std::int64_t milliseconds(auto duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::int64_t steady_to_unix_ms() {
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();
    return milliseconds(std::chrono::system_clock::now().time_since_epoch()) - milliseconds(steady);
}

std::int64_t received_at(const base::Event& event, std::int64_t offset) {
    const bool stamped = event.received != std::chrono::steady_clock::time_point{};
    const auto received = stamped ? event.received : std::chrono::steady_clock::now();
    return milliseconds(received.time_since_epoch()) + offset;
}

std::optional<Blob> blob_or_null(const base::KeyBytes& bytes) {
    if (bytes.empty()) return std::nullopt;
    return Blob(bytes);
}

/// Adds the newest position of each endpoint of each node that the batch touched.
void add_positions(Positions& positions, std::span<const base::Event> batch) {
    std::vector<const base::Event*> newest;
    for (auto event = batch.rbegin(); event != batch.rend(); ++event) {
        if (event->node.empty() || event->kind == base::Kind::ApiVersion) continue;
        const auto same_stream = [&](const base::Event* other) {
            return other->filter == event->filter && other->node == event->node;
        };
        if (std::ranges::none_of(newest, same_stream)) newest.push_back(&*event);
    }
    for (const auto* event : newest) {
        positions[{event->node, event->filter}] = {event->position, event->kind, event->key};
    }
}

}  // namespace

SqliteAppender::SqliteAppender(SqliteWriter& writer, EventKeys& keys, PayloadStager& stager, LogHead head)
    : writer_(writer),
      keys_(keys),
      stager_(stager),
      head_(std::move(head)),
      insert_event_(writer.connection().prepare(
          "INSERT INTO event (id, kind, source, api_version, received_at, era, height, block_hash, account, "
          "large_payload, encoding, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)")),
      use_payload_(writer.connection().prepare(
          "UPDATE large_payload SET appended = 1 WHERE number = ?1 AND appended = 0")),
      update_head_(writer.connection().prepare(
          "UPDATE log SET network_name = ?1, oldest_id = ?2, next_id = ?3, api_version = ?4")),
      upsert_position_(writer.connection().prepare(
          "INSERT OR REPLACE INTO node_position VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")) {}

base::Result<Appended> SqliteAppender::append(std::span<const base::Event> batch,
                                              std::string_view network_name) {
    if (!network_name.empty() && !head_.network_name.empty() && network_name != head_.network_name) {
        return base::invalid("the log holds events of the network " + head_.network_name + ", not of " +
                             std::string(network_name) + "; each network needs a log of its own");
    }
    Draft draft{.head = head_, .positions = kept_back_, .clock_offset_ms = steady_to_unix_ms()};
    if (!network_name.empty()) draft.head.network_name = network_name;

    const auto turn = writer_.publisher_turn();
    try {
        SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
        const auto written = write(draft, batch);
        if (!written) {
            keys_.rolled_back();
            return written.error();
        }
        add_positions(draft.positions, batch);
        if (is_news(draft.head)) {
            write_head(draft.head);
            write_positions(draft.positions);
            transaction.commit();
            head_ = std::move(draft.head);
            kept_back_.clear();
        } else if (!kept_back_.empty() && Clock::now() - kept_back_since_ >= kLongestKeptBack) {
            write_positions(draft.positions);
            transaction.commit();
            kept_back_.clear();
        } else {
            keep_back(std::move(draft.positions));
        }
    } catch (...) {
        keys_.rolled_back();
        throw;
    }
    stager_.settle(draft.payloads_used, draft.payloads_duplicate);
    return std::move(draft.appended);
}

base::Result<void> SqliteAppender::write(Draft& draft, std::span<const base::Event> batch) {
    draft.appended.ids.reserve(batch.size());
    draft.appended.versions.reserve(batch.size() + 1);
    for (const auto& event : batch) {
        draft.appended.versions.push_back(draft.head.api_version);
        if (event.kind == base::Kind::ApiVersion) {
            draft.head.api_version = std::max(draft.head.api_version, event.api_version);
            draft.appended.ids.push_back(0);
            continue;
        }
        const auto id = write_event(draft, event);
        if (!id) return id.error();
        draft.appended.ids.push_back(*id);
    }
    draft.appended.versions.push_back(draft.head.api_version);
    return {};
}

base::Result<base::EventId> SqliteAppender::write_event(Draft& draft, const base::Event& event) {
    const auto id = draft.head.range.next;
    if (!keys_.add(event.kind, event.key, id)) {
        if (event.staged_payload != 0) draft.payloads_duplicate.push_back(event.staged_payload);
        return base::EventId{0};
    }
    if (event.staged_payload != 0) {
        if (use_payload_.execute(event.staged_payload) != 1) {
            return base::invalid("an event refers to the payload " + std::to_string(event.staged_payload) +
                                 ", which is not staged");
        }
        draft.payloads_used.push_back(event.staged_payload);
    }
    insert(draft, event);
    draft.head.range.next = id + 1;
    return id;
}

void SqliteAppender::insert(const Draft& draft, const base::Event& event) {
    const bool staged = event.staged_payload != 0;
    // The key holds the block's hash already, where it begins with it.
    const auto block_hash =
        event.block_hash == event.key.first ? std::nullopt : blob_or_null(event.block_hash);
    insert_event_.execute(draft.head.range.next, static_cast<int>(event.kind),
                          static_cast<int>(stored_source(event.kind, event.filter)),
                          draft.head.api_version.packed(), received_at(event, draft.clock_offset_ms),
                          event.era, event.height, block_hash, blob_or_null(event.account),
                          staged ? std::optional(event.staged_payload) : std::nullopt,
                          staged ? std::nullopt : std::optional(as_blob(event.payload)));
}

void SqliteAppender::write_head(const LogHead& head) {
    update_head_.execute(std::string_view(head.network_name), head.range.oldest, head.range.next,
                         head.api_version.packed());
}

void SqliteAppender::write_positions(const Positions& positions) {
    for (const auto& [stream, stored] : positions) {
        upsert_position_.execute(std::string_view(stream.first), static_cast<int>(stream.second),
                                 stored.position.event_id, stored.position.generation,
                                 static_cast<int>(stored.kind), Blob(stored.key.first),
                                 Blob(stored.key.second));
    }
}

bool SqliteAppender::is_news(const LogHead& head) const {
    return head.range.next != head_.range.next || head.api_version != head_.api_version ||
           head.network_name != head_.network_name;
}

void SqliteAppender::keep_back(Positions positions) {
    if (kept_back_.empty()) kept_back_since_ = Clock::now();
    kept_back_ = std::move(positions);
}

base::Result<void> SqliteAppender::begin_at(base::EventId first) {
    if (first == 0 || first >= base::kMaxEventId) return base::invalid("event ids begin at 1 or above");
    // The id that the database itself has: it is above 1 from the first event on, whatever was pruned since.
    if (!head_.range.empty() || stored_next_id() != 1) {
        return base::invalid("the log holds events, or has held some: its ids go on where they are");
    }
    head_.range = {first, first};
    return {};
}

base::EventId SqliteAppender::stored_next_id() {
    const auto turn = writer_.publisher_turn();
    return static_cast<base::EventId>(writer_.connection().integer("SELECT next_id FROM log"));
}

void SqliteAppender::flush() {
    if (kept_back_.empty()) return;
    const auto turn = writer_.publisher_turn();
    SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
    write_positions(kept_back_);
    transaction.commit();
    kept_back_.clear();
}

}  // namespace storage
