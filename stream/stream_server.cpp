#include "stream/stream_server.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <thread>
#include <utility>

#include "stream/subscription.h"

namespace stream {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kMostAutomaticShards = 8;

/// One for each core: what the other threads do is short beside the writing to many subscribers.
std::uint32_t shard_count(const Options& options) {
    if (options.threads > 0) return options.threads;
    return std::clamp(std::thread::hardware_concurrency(), 1U, kMostAutomaticShards);
}

std::vector<FramePtr> to_frames(std::vector<storage::StoredEvent> events) {
    std::vector<FramePtr> frames;
    frames.reserve(events.size());
    for (auto& event : events) {
        if (event.foreign) continue;
        frames.push_back(std::make_shared<const Frame>(event.id, event.kind, event.filter, event.api_version,
                                                       event.payload));
        event.payload = std::string();  // gives the memory back, as {} would not
    }
    return frames;
}

}  // namespace

base::Result<std::unique_ptr<StreamServer>> StreamServer::open(const Options& options,
                                                               const storage::EventLog& log,
                                                               std::string sidecar_version, base::Log lines,
                                                               base::Metrics& metrics) {
    auto newest = log.read_newest(options.event_stream_buffer_length, options.event_stream_buffer_size);
    if (!newest) return newest.error();
    const auto next = newest->empty() ? log.range().next : newest->back().id + 1;
    const auto frames = to_frames(std::move(*newest));

    std::unique_ptr<StreamServer> server(new StreamServer(options, log, std::move(sidecar_version), lines));
    server->next_ = next;
    std::vector<asio::io_context*> workers;
    for (std::uint32_t i = 0; i < shard_count(options); ++i) {
        server->shards_.push_back(std::make_unique<Shard>(options, frames, next, log.api_version(),
                                                          server->replays_, lines, metrics));
        workers.push_back(&server->shards_.back()->context());
    }

    const net::HttpServerOptions http_options{
        .name = "event_stream_server", .bind_address = options.bind_address, .port = options.port};
    const auto handler = [self = server.get()](net::Request request, std::size_t worker) {
        return self->answer(std::move(request), worker);
    };
    auto http = net::HttpServer::open(http_options, std::move(workers), handler, lines, metrics);
    if (!http) return http.error();
    server->http_ = std::move(*http);
    return server;
}

StreamServer::StreamServer(const Options& options, const storage::EventLog& log, std::string sidecar_version,
                           base::Log lines)
    : options_(options),
      log_(log),
      feed_id_(log.feed_id()),
      sidecar_version_(std::move(sidecar_version)),
      lines_(std::move(lines)),
      places_taken_(std::make_shared<std::atomic<std::uint32_t>>(0)),
      replays_(log, options.max_storage_replays) {}

StreamServer::~StreamServer() {
    stop(std::chrono::milliseconds(0));
}

void StreamServer::start() {
    for (const auto& shard : shards_) shard->start();
    http_->start();
}

void StreamServer::publish(const PublicationPtr& publication) {
    for (const auto& shard : shards_) shard->publish(publication);
}

void StreamServer::close_door() {
    if (http_) http_->stop();
}

void StreamServer::stop(std::chrono::milliseconds patience) {
    if (std::exchange(stopped_, true)) return;
    close_door();
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::vector<std::future<void>> drained;
    for (const auto& shard : shards_) {
        const auto promise = std::make_shared<std::promise<void>>();
        drained.push_back(promise->get_future());
        shard->drain([promise] { promise->set_value(); });
    }
    for (const auto& future : drained) future.wait_until(deadline);
    replays_.stop();
    for (const auto& shard : shards_) shard->stop();
}

/// Runs on the shard's own thread, which makes its ring safe to look at.
asio::awaitable<net::Answer> StreamServer::answer(net::Request request, std::size_t worker) {
    Shard& shard = *shards_[worker];
    const Place place = take_place();
    if (const auto cursor = cursor_of(request); place && cursor && cursor->id >= log_.range().next) {
        // Another instance may have sent what this one has not heard of yet.
        const bool log_is_readable = co_await readable(base::Endpoint::Events);
        if (!log_is_readable && cursor->is_last_event_id) co_return log_unreadable(request);
    }
    const FeedState feed{.log = log_.range(),
                         .ring_first = shard.ring().first_id(),
                         .ring_next = shard.ring().next_id(),
                         .feed_id = feed_id_,
                         .at_subscriber_limit = !place};
    auto decision = read_subscription(request, feed);
    if (auto* response = std::get_if<net::Response>(&decision)) co_return std::move(*response);

    auto subscription = std::get<Subscription>(std::move(decision));
    if (subscription.next < shard.ring().first_id()) {
        const bool log_is_readable = co_await readable(subscription.endpoint);
        if (!log_is_readable) co_return log_unreadable(request);
    }
    if (subscription.head_only) {
        net::Response head{
            .status = 200, .headers = std::move(subscription.headers), .body = {}, .endless = true};
        co_return head;
    }
    net::Takeover takeover = [this, &shard, place, subscription,
                              head = greeting(request, subscription)](asio::ip::tcp::socket socket) {
        shard.add(std::move(socket), subscription, head, place);
    };
    co_return takeover;
}

/// A stream that must begin in the log is promised only when the log can be read. Reading also tells the log
/// where its head is.
asio::awaitable<bool> StreamServer::readable(base::Endpoint endpoint) {
    // No event has the id 0: the log is asked, and nothing is read.
    const storage::ReadRequest request{
        .endpoint = endpoint, .from = 0, .to = 1, .max_events = 1, .max_bytes = 1};
    auto initiate = [this, request](auto handler) {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        replays_.read(request, [shared](const base::Result<ReplayPage>& page) {
            const bool ok = page.has_value();
            asio::post(asio::get_associated_executor(*shared), [shared, ok] { (*shared)(ok); });
        });
    };
    return asio::async_initiate<decltype(asio::use_awaitable), void(bool)>(std::move(initiate),
                                                                           asio::use_awaitable);
}

Place StreamServer::take_place() {
    if (places_taken_->fetch_add(1) >= options_.max_concurrent_subscribers) {
        places_taken_->fetch_sub(1);
        return nullptr;
    }
    return Place(places_taken_.get(), [taken = places_taken_](void*) { taken->fetch_sub(1); });
}

std::string StreamServer::greeting(const net::Request& request, const Subscription& subscription) const {
    std::string bytes = net::serialize_head(request.version, 200, subscription.headers);
    if (subscription.endpoint == base::Endpoint::Sidecar) {
        bytes += sidecar_version_frame(sidecar_version_, subscription.framing);
    }
    return bytes;
}

}  // namespace stream
