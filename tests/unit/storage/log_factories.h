#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/event_log.h"

namespace storage_test {

/// A database of one form, for the time of one test.
class LogHarness {
  public:
    virtual ~LogHarness() = default;
    [[nodiscard]] virtual storage::EventLog& log() = 0;
    /// Closes the log cleanly and opens it again.
    virtual void reopen() = 0;
};

struct LogFactory {
    std::string name;
    std::function<std::unique_ptr<LogHarness>()> make;
};

/// Every database form there is; the contract's tests run on each.
[[nodiscard]] std::vector<LogFactory> log_factories();

}  // namespace storage_test
