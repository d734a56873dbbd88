#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/event.h"
#include "base/result.h"
#include "storage/event_log.h"
#include "storage/payload_stager.h"
#include "storage/postgresql_head.h"
#include "storage/postgresql_pool.h"

namespace storage {

/// The transactions of the publisher: batches of events and positions, one statement each. Throws
/// PostgresqlFailure; then nothing has changed here. Where the connection was lost meanwhile, the database
/// may have stored the batch all the same: the same batch then comes out as known, and the head tells that
/// there is more than was known of.
class PostgresqlAppender {
  public:
    PostgresqlAppender(PostgresqlPool& pool, PayloadStager& stager, KnownHead& head, std::int64_t instance,
                       bool pack);

    [[nodiscard]] Appended append(std::span<const base::Event> batch, std::string_view network_name);
    void flush();

  private:
    using Clock = std::chrono::steady_clock;

    void store_positions(const Positions& positions);
    void keep_back(Positions positions);

    PostgresqlPool& pool_;
    PayloadStager& stager_;
    KnownHead& head_;
    const std::int64_t instance_;
    const bool pack_;

    // Positions of batches without news, not stored yet, and since when.
    Positions kept_back_;
    Clock::time_point kept_back_since_{};
};

}  // namespace storage
