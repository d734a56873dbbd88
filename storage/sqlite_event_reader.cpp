#include "storage/sqlite_event_reader.h"

#include <utility>

#include "storage/reader_pool.h"
#include "storage/sqlite.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_schema.h"

namespace storage {

namespace {

base::Result<LogHead> load_head_of(const std::filesystem::path& file) {
    try {
        if (const auto checked = check_schema(file); !checked) return checked.error();
        const SqliteConnection connection(file, SqliteConnection::Mode::ReadOnly);
        connection.busy_timeout(1000);
        return load_head(connection);
    } catch (const SqliteFailure& failure) {
        return to_error(failure, file);
    }
}

}  // namespace

class SqliteEventReader::Impl {
  public:
    Impl(const std::filesystem::path& file, const SqliteOptions& options, LogHead head)
        : head_(std::move(head)), readers_(file, options.max_connections_in_pool) {}

    [[nodiscard]] const LogHead& head() const { return head_; }
    [[nodiscard]] ReaderPool<SqliteReader>& readers() { return readers_; }

  private:
    LogHead head_;
    ReaderPool<SqliteReader> readers_;
};

base::Result<std::unique_ptr<SqliteEventReader>> SqliteEventReader::open(const SqliteOptions& options) {
    const auto file = options.directory / options.file_name;
    const auto inspected = inspect_database_file(file);
    if (!inspected) return inspected.error();
    if (*inspected == DatabaseFile::New) return no_log_in(file);
    auto head = load_head_of(file);
    if (!head) return head.error();
    auto impl = std::make_unique<Impl>(file, options, std::move(*head));
    return std::unique_ptr<SqliteEventReader>(new SqliteEventReader(std::move(impl)));
}

SqliteEventReader::SqliteEventReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteEventReader::~SqliteEventReader() = default;

std::string SqliteEventReader::feed_id() const {
    return impl_->head().feed_id;
}
std::string SqliteEventReader::network_name() const {
    return impl_->head().network_name;
}
Range SqliteEventReader::range() const {
    return impl_->head().range;
}

base::Result<Page> SqliteEventReader::read(const ReadRequest& request) const {
    return impl_->readers().read([&](SqliteReader& reader) { return reader.read(request); });
}

base::Result<std::vector<StoredEvent>> SqliteEventReader::read_newest(std::size_t max_events,
                                                                      std::size_t max_bytes) const {
    return impl_->readers().read(
        [&](SqliteReader& reader) { return reader.read_newest(max_events, max_bytes); });
}

}  // namespace storage
