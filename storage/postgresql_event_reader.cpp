#include "storage/postgresql_event_reader.h"

#include <chrono>
#include <utility>

#include "storage/postgresql_head.h"
#include "storage/postgresql_pool.h"
#include "storage/postgresql_reader.h"
#include "storage/postgresql_schema.h"

namespace storage {

namespace {

constexpr std::chrono::seconds kReadPatience{25};
constexpr std::size_t kMostConnections = 2;
constexpr std::int64_t kNoInstance = 0;

}  // namespace

/// Declared in the order in which the parts need each other; torn down in the opposite one.
class PostgresqlEventReader::Impl {
  public:
    Impl(const PostgresqlOptions& options, std::unique_ptr<Deadlines> deadlines, std::string feed_id,
         PostgresqlHead head)
        : deadlines_(std::move(deadlines)),
          feed_id_(std::move(feed_id)),
          head_(std::move(head)),
          pool_(options, *deadlines_, kMostConnections),
          reader_(pool_, head_, kNoInstance, [] {}) {}

    [[nodiscard]] const std::string& feed_id() const { return feed_id_; }
    [[nodiscard]] PostgresqlHead head() const { return head_.get(); }
    [[nodiscard]] const PostgresqlReader& reader() const { return reader_; }

  private:
    std::unique_ptr<Deadlines> deadlines_;
    std::string feed_id_;
    KnownHead head_;
    PostgresqlPool pool_;
    PostgresqlReader reader_;
};

base::Result<std::unique_ptr<PostgresqlEventReader>> PostgresqlEventReader::open(
    const PostgresqlOptions& options) {
    try {
        auto deadlines = std::make_unique<Deadlines>(kReadPatience);
        PostgresqlConnection connection(options, *deadlines);
        if (const auto checked = check_schema(connection, options); !checked) return checked.error();
        auto feed_id = load_feed_id(connection);
        auto head = load_head(connection);
        auto impl =
            std::make_unique<Impl>(options, std::move(deadlines), std::move(feed_id), std::move(head));
        return std::unique_ptr<PostgresqlEventReader>(new PostgresqlEventReader(std::move(impl)));
    } catch (const PostgresqlFailure& failure) {
        return to_error(failure, options);
    }
}

PostgresqlEventReader::PostgresqlEventReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PostgresqlEventReader::~PostgresqlEventReader() = default;

std::string PostgresqlEventReader::feed_id() const {
    return impl_->feed_id();
}
std::string PostgresqlEventReader::network_name() const {
    return impl_->head().network_name;
}
Range PostgresqlEventReader::range() const {
    return impl_->head().range;
}

base::Result<Page> PostgresqlEventReader::read(const ReadRequest& request) const {
    return impl_->reader().read(request);
}

base::Result<std::vector<StoredEvent>> PostgresqlEventReader::read_newest(std::size_t max_events,
                                                                          std::size_t max_bytes) const {
    return impl_->reader().read_newest(max_events, max_bytes);
}

}  // namespace storage
