#include "stream/stream_server.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <iterator>
#include <utility>

#include "base/cores.h"
#include "stream/subscription.h"

namespace stream {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kMostAutomaticShards = 8;
constexpr const char* kName = "event_stream_server";

/// In the order of base::kEndpoints.
std::vector<net::Route> all_routes() {
    std::vector<net::Route> routes;
    for (const auto endpoint : base::kEndpoints) routes.push_back({"GET", base::endpoint_path(endpoint)});
    return routes;
}

/// A stream that begins is a 200.
unsigned status_of(const net::Answer& answer) {
    const auto* const response = std::get_if<net::Response>(&answer);
    return response != nullptr ? response->status : 200;
}

/// One for each core: what the other threads do is short beside the writing to many subscribers.
std::uint32_t shard_count(const Options& options) {
    if (options.threads > 0) return options.threads;
    return std::clamp(base::usable_cores(), 1U, kMostAutomaticShards);
}

std::vector<FramePtr> to_frames(std::vector<storage::StoredEvent> events) {
    std::vector<FramePtr> frames;
    frames.reserve(events.size());
    for (auto& event : events) {
        if (event.foreign) continue;
        frames.push_back(frame_of(std::move(event)));
    }
    return frames;
}

SubscriberReports joined(std::vector<SubscriberReports>& parts) {
    SubscriberReports all;
    for (auto& part : parts) std::ranges::move(part, std::back_inserter(all));
    std::ranges::sort(all, {}, &SubscriberReport::id);
    return all;
}

}  // namespace

base::Result<std::unique_ptr<StreamServer>> StreamServer::open(const Options& options,
                                                               const storage::EventLog& log,
                                                               std::string sidecar_version, base::Log lines,
                                                               base::Metrics& metrics,
                                                               std::shared_ptr<tls::ServerContext> tls) {
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
        server->http_counts_.emplace_back(metrics, kName, all_routes());
        workers.push_back(&server->shards_.back()->context());
    }

    const net::HttpServerOptions http_options{
        .name = kName, .bind_address = options.bind_address, .port = options.port, .tls = std::move(tls)};
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
      trusted_proxies_(options.trusted_proxies),
      places_(options.max_concurrent_subscribers, options.max_subscribers_per_ip),
      replays_(log, options.max_storage_replays) {}

StreamServer::~StreamServer() {
    stop(std::chrono::milliseconds(0));
}

void StreamServer::start() {
    for (const auto& shard : shards_) shard->start();
    http_->start();
}

std::vector<asio::io_context*> StreamServer::contexts() const {
    std::vector<asio::io_context*> contexts;
    for (const auto& shard : shards_) contexts.push_back(&shard->context());
    return contexts;
}

void StreamServer::publish(const PublicationPtr& publication) {
    for (const auto& shard : shards_) shard->publish(publication);
}

void StreamServer::report(std::function<void(SubscriberReports)> done) {
    struct Gathering {
        std::vector<SubscriberReports> parts;  // by shard
        std::atomic<std::size_t> missing;
        std::function<void(SubscriberReports)> done;
    };
    const auto gathering = std::make_shared<Gathering>();
    gathering->parts.resize(shards_.size());
    gathering->missing = shards_.size();
    gathering->done = std::move(done);
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        shards_[i]->report([gathering, i](SubscriberReports part) {
            gathering->parts[i] = std::move(part);
            if (gathering->missing.fetch_sub(1) == 1) gathering->done(joined(gathering->parts));
        });
    }
}

void StreamServer::close(SubscriberId id, std::function<void(bool)> done) {
    struct Search {
        std::atomic<std::size_t> missing;
        std::atomic<bool> found = false;
        std::function<void(bool)> done;
    };
    const auto search = std::make_shared<Search>();
    search->missing = shards_.size();
    search->done = std::move(done);
    for (const auto& shard : shards_) {
        shard->close(id, [search](bool found) {
            if (found) search->found = true;
            if (search->missing.fetch_sub(1) == 1) search->done(search->found);
        });
    }
}

void StreamServer::drain(std::chrono::seconds over) {
    const std::lock_guard lock(drain_mutex_);
    drain_ = Drain{std::chrono::system_clock::now(), over};
    draining_ = true;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        shards_[i]->end_all_over(over, static_cast<double>(i) / static_cast<double>(shards_.size()));
    }
}

void StreamServer::end_drain() {
    const std::lock_guard lock(drain_mutex_);
    drain_.reset();
    draining_ = false;
    for (const auto& shard : shards_) shard->stop_ending();
}

std::optional<StreamServer::Drain> StreamServer::drain_under_way() const {
    const std::lock_guard lock(drain_mutex_);
    return drain_;
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

ShardCounts::Delivered StreamServer::delivered(base::Endpoint endpoint) const {
    ShardCounts::Delivered sum;
    for (const auto& shard : shards_) {
        const auto part = shard->counts().delivered(endpoint);
        sum.events += part.events;
        sum.bytes += part.bytes;
    }
    return sum;
}

ShardCounts::RingState StreamServer::ring() const {
    return shards_.front()->counts().ring();
}

std::uint64_t StreamServer::replay_count() const {
    std::uint64_t sum = 0;
    for (const auto& shard : shards_) sum += shard->counts().replays();
    return sum;
}

asio::awaitable<net::Answer> StreamServer::answer(net::Request request, std::size_t worker) {
    const auto begun = net::HttpCounts::Clock::now();
    const auto endpoint = endpoint_at(request.path());
    const auto row = endpoint ? static_cast<std::size_t>(*endpoint) : base::kEndpointCount;
    auto deciding = decide(std::move(request), *shards_[worker]);
    net::Answer answer = co_await std::move(deciding);
    http_counts_[worker].count(row, status_of(answer), begun);
    co_return answer;
}

/// Runs on the shard's own thread, which makes its ring safe to look at.
asio::awaitable<net::Answer> StreamServer::decide(net::Request request, Shard& shard) {
    const bool draining = draining_;
    const Taken taken =
        draining ? Taken{} : places_.take(net::address_group(trusted_proxies_.client_of(request)));
    const Place& place = taken.place;
    if (const auto cursor = cursor_of(request); place && cursor && cursor->id >= log_.range().next) {
        // Another instance may have sent what this one has not heard of yet.
        const bool log_is_readable = co_await readable();
        if (!log_is_readable && cursor->is_last_event_id) co_return log_unreadable(request);
    }
    const FeedState feed{.log = log_.range(),
                         .ring_first = shard.ring().first_of_newest(),
                         .ring_next = shard.ring().next_id(),
                         .feed_id = feed_id_,
                         .at_subscriber_limit = taken.refusal == Taken::Refusal::Full,
                         .at_address_limit = taken.refusal == Taken::Refusal::TooManyOfAddress,
                         .draining = draining};
    auto decision = read_subscription(request, feed);
    if (auto* response = std::get_if<net::Response>(&decision)) co_return std::move(*response);

    auto subscription = std::get<Subscription>(std::move(decision));
    if (subscription.next < shard.ring().first_id()) {
        const bool log_is_readable = co_await readable();
        if (!log_is_readable) co_return log_unreadable(request);
    }
    if (subscription.head_only) {
        net::Response head{
            .status = 200, .headers = std::move(subscription.headers), .body = {}, .endless = true};
        co_return head;
    }
    net::Takeover takeover = [&shard, place, subscription,
                              greeting = greeting(request, subscription)](tls::Socket socket) {
        shard.add(std::move(socket), subscription, greeting, place);
    };
    co_return takeover;
}

/// A stream that must begin in the log is promised only when the log can be read. Reading also tells the log
/// where its head is.
asio::awaitable<bool> StreamServer::readable() {
    auto initiate = [this](auto handler) {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        replays_.probe([shared](bool ok) {
            asio::post(asio::get_associated_executor(*shared), [shared, ok] { (*shared)(ok); });
        });
    };
    return asio::async_initiate<decltype(asio::use_awaitable), void(bool)>(std::move(initiate),
                                                                           asio::use_awaitable);
}

Greeting StreamServer::greeting(const net::Request& request, const Subscription& subscription) const {
    Greeting greeting{.head = net::serialize_head(request.version, 200, subscription.headers), .text = {}};
    if (subscription.lane.endpoint == base::Endpoint::Sidecar)
        greeting.text = sidecar_version_text(sidecar_version_);
    return greeting;
}

}  // namespace stream
