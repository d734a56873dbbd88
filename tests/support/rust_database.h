#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;

namespace support {

/// An SQLite file with the tables of the Rust sidecar 1.x, in write-ahead logging as that one has it.
class RustDatabase {
  public:
    enum class Version {
        First,  ///< event_log without the columns event_key, api_version and network_name
        Last,   ///< with them
    };

    explicit RustDatabase(const std::filesystem::path& file, Version version = Version::Last);

    /// A row of event_log and one of the kind's table; the number of the first. A Shutdown has no `raw`.
    std::int64_t add(std::string_view kind, std::string_view raw, std::string_view network = "casper-test",
                     std::string_view api_version = "1.5.6");
    void execute(const std::string& sql) const;

    /// Closes it as a process that is killed: what was added last lies in the write-ahead log.
    void leave_unfinished();

  private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    Version version_;
    std::int64_t rows_ = 0;
    std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace support
