#include "storage/sqlite_appender.h"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/batch.h"
#include "storage/first_id.h"

namespace storage {

SqliteAppender::SqliteAppender(SqliteWriter& writer, EventKeys& keys, PayloadStager& stager, LogHead head,
                               bool compress)
    : writer_(writer),
      keys_(keys),
      stager_(stager),
      head_(std::move(head)),
      rows_(writer.connection(), compress),
      use_payload_(writer.connection().prepare(
          "UPDATE large_payload SET appended = 1 WHERE number = ?1 AND appended = 0")),
      update_head_(writer.connection().prepare(
          "UPDATE log SET network_name = ?1, oldest_id = max(oldest_id, ?2), next_id = "
          "?3, api_version = ?4, chain_hash = ?5")),
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
            rolled_back();
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
        rolled_back();
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
    rows_.flush();
    return {};
}

void SqliteAppender::rolled_back() {
    keys_.rolled_back();
    rows_.discard();
}

base::Result<base::EventId> SqliteAppender::write_event(Draft& draft, const base::Event& event) {
    const auto id = draft.head.range.next;
    const auto key = keys_.add(event.kind, event.key, id);
    if (!key.is_new) {
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
    const EventRows::Place place{.id = id,
                                 .api_version = draft.head.api_version,
                                 .received_at = received_at(event, draft.clock_offset_ms),
                                 .numbers = key.numbers};
    draft.head.chain = rows_.insert(event, place, draft.head.chain);
    draft.head.range.next = id + 1;
    return id;
}

void SqliteAppender::write_head(const LogHead& head) {
    update_head_.execute(std::string_view(head.network_name), head.range.oldest, head.range.next,
                         head.api_version.packed(), Blob(head.chain));
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
    if (const auto checked = check_first_id(first); !checked) return checked;
    // Nothing was ever appended without a network's name, whatever was pruned since.
    if (!head_.range.empty() || !head_.network_name.empty()) return already_begun();
    head_.range = {first, first};
    return {};
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
