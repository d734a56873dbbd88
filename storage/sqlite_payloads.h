#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/event_keys.h"
#include "storage/payload_table.h"
#include "storage/sqlite_writer.h"

namespace storage {

/// Large payloads in the database file. Each call takes a turn of the writer; throws SqliteFailure.
class SqlitePayloads final : public PayloadTable {
  public:
    SqlitePayloads(SqliteWriter& writer, EventKeys& keys);

    [[nodiscard]] std::vector<std::uint64_t> orphans() override;
    [[nodiscard]] bool in_log(const base::Event& event) override;
    [[nodiscard]] std::uint64_t write_part(std::uint64_t number, const StoredPayload& payload,
                                           std::int64_t seq, std::string_view part) override;
    [[nodiscard]] bool delete_part(std::uint64_t number) override;

  private:
    SqliteWriter& writer_;
    EventKeys& keys_;
    SqliteStatement insert_payload_;
    SqliteStatement insert_part_;
    SqliteStatement delete_part_;
    SqliteStatement delete_payload_;
};

}  // namespace storage
