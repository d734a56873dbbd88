#include "log_factories.h"

#include "postgresql_log.h"
#include "sqlite_log.h"

namespace storage_test {

namespace {

template <class Log>
class Harness final : public LogHarness {
  public:
    storage::EventLog& log() override { return log_.log(); }
    void reopen() override { log_.reopen(); }

  private:
    Log log_;
};

}  // namespace

std::vector<LogFactory> log_factories() {
    return {{"Sqlite", [] { return std::make_unique<Harness<SqliteLog>>(); }},
            {"Postgresql", [] { return std::make_unique<Harness<PostgresqlLog>>(); }}};
}

}  // namespace storage_test
