#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "storage/event_keys.h"
#include "storage/event_log.h"
#include "storage/event_rows.h"
#include "storage/payload_stager.h"
#include "storage/sqlite_schema.h"
#include "storage/sqlite_writer.h"

namespace storage {

/// The transactions of the publisher: batches of events and positions. Throws SqliteFailure; then nothing has
/// changed, in the file or here.
class SqliteAppender {
  public:
    SqliteAppender(SqliteWriter& writer, EventKeys& keys, PayloadStager& stager, LogHead head, bool compress);

    [[nodiscard]] base::Result<Appended> append(std::span<const base::Event> batch,
                                                std::string_view network_name);
    void flush();

    /// See EventLog::begin_at; durable with the first append.
    [[nodiscard]] base::Result<void> begin_at(base::EventId first);

    /// As of the last commit.
    [[nodiscard]] const LogHead& head() const { return head_; }

  private:
    using Clock = std::chrono::steady_clock;

    /// What a batch changes, until it is committed.
    struct Draft {
        LogHead head{};
        Positions positions{};
        Appended appended{};
        std::vector<std::uint64_t> payloads_used{};
        std::vector<std::uint64_t> payloads_duplicate{};
        std::int64_t clock_offset_ms = 0;  // from the steady clock to unix time
    };

    [[nodiscard]] base::Result<void> write(Draft& draft, std::span<const base::Event> batch);
    [[nodiscard]] base::Result<base::EventId> write_event(Draft& draft, const base::Event& event);
    void rolled_back();
    void write_head(const LogHead& head);
    void write_positions(const Positions& positions);
    [[nodiscard]] bool is_news(const LogHead& head) const;
    void keep_back(Positions positions);

    SqliteWriter& writer_;
    EventKeys& keys_;
    PayloadStager& stager_;
    LogHead head_;

    // Positions of batches without news, not stored yet, and since when.
    Positions kept_back_;
    Clock::time_point kept_back_since_{};

    EventRows rows_;
    SqliteStatement use_payload_;
    SqliteStatement update_head_;
    SqliteStatement upsert_position_;
};

}  // namespace storage
