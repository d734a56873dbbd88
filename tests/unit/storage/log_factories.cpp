#include "log_factories.h"

#include "sqlite_log.h"

namespace storage_test {

namespace {

class SqliteHarness final : public LogHarness {
  public:
    storage::EventLog& log() override { return log_.log(); }
    void reopen() override { log_.reopen(); }

  private:
    SqliteLog log_;
};

}  // namespace

std::vector<LogFactory> log_factories() {
    return {{"Sqlite", [] { return std::make_unique<SqliteHarness>(); }}};
}

}  // namespace storage_test
