#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "storage/event_log.h"

namespace storage_test {

/// 32 bytes that `number` alone determines, spread like a hash.
[[nodiscard]] base::KeyBytes hash(std::uint64_t number);
/// The 33 bytes of a validator's key.
[[nodiscard]] base::KeyBytes public_key(std::uint64_t number);
/// An era as keys have it.
[[nodiscard]] base::KeyBytes era_key(std::uint64_t era);

[[nodiscard]] base::Event block_added(std::uint64_t number);
[[nodiscard]] base::Event deploy_accepted(std::uint64_t number);
[[nodiscard]] base::Event deploy_processed(std::uint64_t number);
[[nodiscard]] base::Event deploy_expired(std::uint64_t number);
[[nodiscard]] base::Event fault(std::uint64_t era, std::uint64_t validator);
[[nodiscard]] base::Event signature(std::uint64_t block, std::uint64_t validator);
[[nodiscard]] base::Event step(std::uint64_t era, std::size_t payload_size = 100);
/// One that packing makes no smaller.
[[nodiscard]] base::Event incompressible_step(std::uint64_t era, std::size_t payload_size);
[[nodiscard]] base::Event shutdown(base::Filter filter, std::uint32_t occurrence);
[[nodiscard]] base::Event api_version(std::string_view version);

/// The same event as another node, or this one, sent it.
[[nodiscard]] base::Event from_node(base::Event event, std::string node, std::uint32_t event_id,
                                    std::uint32_t generation = 0);

/// The signatures of `validators` validators of one block.
[[nodiscard]] base::EventBatch signatures(std::uint64_t block, std::uint64_t validators);

/// EventLog::stage and its answer; a failed test and 0, if there is none in a minute.
[[nodiscard]] std::uint64_t stage(storage::EventLog& log, const base::Event& event);

/// The event as it is appended once its payload is staged.
[[nodiscard]] base::Event staged(base::Event event, std::uint64_t number);

/// append() of one event that must succeed: its id.
base::EventId append_one(storage::EventLog& log, const base::Event& event);

/// append() that must succeed: the ids.
std::vector<base::EventId> append(storage::EventLog& log, const base::EventBatch& batch,
                                  std::string_view network = "casper-test");

/// The ids of a page that must be readable.
[[nodiscard]] std::vector<base::EventId> read_ids(const storage::EventLog& log,
                                                  const storage::ReadRequest& request);

/// Every event of the log, read page by page.
[[nodiscard]] std::vector<storage::StoredEvent> read_all(const storage::EventLog& log);

}  // namespace storage_test
