#include "admin/dashboard_feed.h"

#include <fmt/format.h>
#include <utility>

#include "base/as_tuple.h"

namespace admin {

namespace asio = boost::asio;

/// The place of one body.
class DashboardFeed::Reader {
  public:
    Reader(DashboardFeed& feed, Message greeting)
        : feed_(feed), greeting_(std::move(greeting)), sent_(feed.number_) {
        ++feed_.readers_;
    }
    ~Reader() { --feed_.readers_; }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    [[nodiscard]] static asio::awaitable<base::Result<net::SharedBody>> next(std::shared_ptr<Reader> self) {
        Message message = std::exchange(self->greeting_, nullptr);
        if (!message) {
            while (self->sent_ == self->feed_.number_) co_await self->feed_.next();
            self->sent_ = self->feed_.number_;
            message = self->feed_.newest_;
        }
        const std::string_view bytes = *message;
        net::SharedBody piece{std::move(message), bytes};
        co_return piece;
    }

  private:
    DashboardFeed& feed_;
    Message greeting_;
    std::uint64_t sent_;  ///< the number of the message
};

DashboardFeed::DashboardFeed(asio::any_io_executor executor, std::size_t max_readers)
    : max_readers_(max_readers) {
    published_.emplace(std::move(executor), asio::steady_timer::time_point::max());
}

void DashboardFeed::publish(Message message) {
    newest_ = std::move(message);
    ++number_;
    published_->cancel();
}

asio::awaitable<void> DashboardFeed::next() {
    co_await published_->async_wait(base::kAsTuple);
}

std::optional<net::StreamedBody> DashboardFeed::open(Message greeting) {
    if (readers_ >= max_readers_) return std::nullopt;
    const auto reader = std::make_shared<Reader>(*this, std::move(greeting));
    return net::StreamedBody{[reader] { return Reader::next(reader); }};
}

std::string event_frame(std::string_view name, std::string_view data) {
    return fmt::format("event:{}\ndata:{}\n\n", name, data);
}

}  // namespace admin
