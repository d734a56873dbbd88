#include "storage/postgresql_listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/named_thread.h"
#include "storage/postgresql_schema.h"

namespace storage {

namespace {

constexpr int kLookMilliseconds = 1000;
constexpr int kFirstDelayMilliseconds = 100;
constexpr int kLongestDelayMilliseconds = 2000;
constexpr auto* kChannel = "event_sidecar";

// Beside the lock of the schema: the class of the instances' names.
const PostgresqlStatement kClaim{"claim", "SELECT pg_try_advisory_lock(1163091015, $1)"};

}  // namespace

bool claim_instance(PostgresqlConnection& connection, std::int64_t instance) {
    return connection.execute(kClaim, instance)[0][0].as<bool>();
}

/// What append() says: the head's next id.
class PostgresqlListener::Ear final : public pqxx::notification_receiver {
  public:
    explicit Ear(pqxx::connection_base& connection) : notification_receiver(connection, kChannel) {}
    void operator()(const std::string& payload, int) override {
        heard_ = std::max<base::EventId>(heard_, std::strtoull(payload.c_str(), nullptr, 10));
    }
    [[nodiscard]] base::EventId heard() const { return heard_; }

  private:
    base::EventId heard_ = 0;
};

PostgresqlListener::PostgresqlListener(PostgresqlPool& pool, Deadlines& deadlines,
                                       std::unique_ptr<PostgresqlConnection> connection, KnownHead& head,
                                       std::int64_t instance, base::Log log)
    : pool_(pool),
      deadlines_(deadlines),
      head_(head),
      instance_(instance),
      log_(std::move(log)),
      listens_(connection != nullptr),
      connection_(std::move(connection)),
      wake_up_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_up_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    thread_ = base::named_thread("log-listener", [this] { run(); });
}

PostgresqlListener::~PostgresqlListener() {
    stopped_ = true;
    wake();
    thread_.join();
    ear_.reset();
    ::close(wake_up_);
}

void PostgresqlListener::watch(std::function<void()> grown) {
    {
        const std::lock_guard lock(mutex_);
        grown_ = std::move(grown);
    }
    wake();
}

void PostgresqlListener::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_up_, &one, sizeof one);
}

void PostgresqlListener::run() {
    int delay = kFirstDelayMilliseconds;
    while (!stopped_) {
        try {
            follow();
            return;
        } catch (const PostgresqlFailure& failure) {
            if (!failing_) delay = kFirstDelayMilliseconds;
            failed(failure);
        }
        if (!wait(-1, delay)) return;
        delay = std::min(2 * delay, kLongestDelayMilliseconds);
    }
}

/// Ends when it is told to; throws when the database fails.
void PostgresqlListener::follow() {
    if (listens_) connect();
    auto next_look = Deadlines::Clock::now();
    for (;;) {
        const bool heard_news = ear_ && ear_->heard() > head_.get().range.next;
        if (heard_news || Deadlines::Clock::now() >= next_look) {
            look();
            next_look = Deadlines::Clock::now() + std::chrono::milliseconds(kLookMilliseconds);
        }
        tell();
        if (!wait(listens_ ? connection_->socket() : -1, kLookMilliseconds)) return;
        if (listens_) connection_->take_notifications();
    }
}

void PostgresqlListener::connect() {
    if (!connection_) connection_ = std::make_unique<PostgresqlConnection>(pool_.options(), deadlines_);
    if (ear_) return;
    try {
        ear_ = std::make_unique<Ear>(connection_->handle());
    } catch (const std::exception& error) {
        throw PostgresqlFailure(base::Error::Category::Unavailable, error.what());
    }
    if (!claim_instance(*connection_, instance_))
        log_->debug("the name of this instance is still held by a connection that was lost");
}

void PostgresqlListener::look() {
    const auto head =
        listens_ ? load_head(*connection_)
                 : pool_.use([](PostgresqlPool::Session& session) { return load_head(session.connection); });
    head_.learn(head);
    if (std::exchange(failing_, false)) log_->info("the log is followed again");
}

bool PostgresqlListener::wait(int socket, int milliseconds) {
    std::array<pollfd, 2> descriptors{
        {{.fd = wake_up_, .events = POLLIN, .revents = 0}, {.fd = socket, .events = POLLIN, .revents = 0}}};
    ::poll(descriptors.data(), descriptors.size(), milliseconds);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto cleared = ::read(wake_up_, &count, sizeof count);
    return !stopped_;
}

void PostgresqlListener::tell() {
    const std::lock_guard lock(mutex_);
    if (grown_ && head_.take_growth()) grown_();
}

void PostgresqlListener::failed(const PostgresqlFailure& failure) {
    ear_.reset();
    connection_.reset();
    if (std::exchange(failing_, true)) return;
    log_->warn("the log cannot be followed; tried again until it succeeds: {}",
               to_error(failure, pool_.options()).message);
}

}  // namespace storage
