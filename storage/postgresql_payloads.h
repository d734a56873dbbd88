#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/payload_table.h"
#include "storage/postgresql_pool.h"

namespace storage {

/// Large payloads in the database, each of the instance that stages it. Throws PostgresqlFailure.
class PostgresqlPayloads final : public PayloadTable {
  public:
    PostgresqlPayloads(PostgresqlPool& pool, std::int64_t instance) : pool_(pool), instance_(instance) {}

    [[nodiscard]] std::vector<std::uint64_t> orphans() override;
    [[nodiscard]] bool in_log(const base::Event& event) override;
    [[nodiscard]] std::uint64_t write_part(std::uint64_t number, const StoredPayload& payload,
                                           std::int64_t seq, std::string_view part) override;
    [[nodiscard]] bool delete_part(std::uint64_t number) override;

  private:
    PostgresqlPool& pool_;
    const std::int64_t instance_;
};

}  // namespace storage
