#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/event_log.h"
#include "storage/pruned_tables.h"
#include "storage/retention_options.h"

namespace storage_test {

inline constexpr storage::UnixMs kDay = storage::UnixMs{24} * 3600 * 1000;

[[nodiscard]] inline storage::UnixMs now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// A log of one database form; what retention does with it happens at times of the test's choice.
class RetentionLog {
  public:
    virtual ~RetentionLog() = default;

    /// The log, opened without retention; opened again, if it is not open.
    [[nodiscard]] virtual storage::EventLog& log() = 0;
    /// Opens it anew with these options.
    virtual void reopen(const storage::RetentionOptions& options) = 0;

    /// Does, with the log closed, all that these options ask for at this time.
    virtual void prune(const storage::RetentionOptions& options, storage::UnixMs at) = 0;

    /// The first column of the first row; 0, if there is none.
    [[nodiscard]] virtual std::string query(const std::string& sql) = 0;
    [[nodiscard]] std::int64_t count(const std::string& table) {
        return std::stoll(query("SELECT count(*) FROM " + table));
    }
    /// How many rows there are by which deleted events are known, or their blocks.
    [[nodiscard]] virtual std::int64_t known() = 0;
    /// The chain hash of an event, in hex.
    [[nodiscard]] virtual std::string chain_hash(base::EventId id) = 0;
    /// The runs of deleted ids: FIRST-LAST:HASH,...
    [[nodiscard]] virtual std::string runs() = 0;
};

struct RetentionLogFactory {
    std::string name;
    std::function<std::unique_ptr<RetentionLog>()> make;
};

[[nodiscard]] std::vector<RetentionLogFactory> retention_log_factories();

/// Does all that these options ask for at this time, with a log that is closed.
void prune_sqlite(const std::filesystem::path& file, const storage::RetentionOptions& options,
                  storage::UnixMs at);

}  // namespace storage_test
