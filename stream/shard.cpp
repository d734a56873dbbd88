#include "stream/shard.h"

#include <boost/asio/post.hpp>
#include <iterator>
#include <utility>

#include "base/named_thread.h"

namespace stream {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kKeepAliveInterval{15};
constexpr std::chrono::seconds kLongestTurn{1};  // of a socket that is full, while others wait
constexpr std::chrono::seconds kLook{1};         // at those whose sockets take nothing
constexpr std::chrono::seconds kComplaintInterval{60};
constexpr int kOneThread = 1;

}  // namespace

Shard::Shard(const Options& options, std::span<const FramePtr> newest, base::EventId next,
             base::ApiVersion api_version, Replays& replays, base::Log log, base::Metrics& metrics)
    : options_(options),
      replays_(replays),
      log_(std::move(log)),
      read_complaints_(kComplaintInterval),
      ring_({options.event_stream_buffer_length, options.event_stream_buffer_size},
            newest.empty() ? next : newest.front()->id()),
      api_version_(api_version),
      context_(kOneThread),
      work_(context_.get_executor()),
      timer_(context_) {
    for (const auto& frame : newest) ring_.push(frame);
    for (const auto reason : kEndReasons) {
        ends_[static_cast<std::size_t>(reason)] = &metrics.disconnect(name_of(reason));
    }
    for (const auto endpoint : base::kEndpoints) {
        counts_[static_cast<std::size_t>(endpoint)] = &metrics.subscribers(base::endpoint_path(endpoint));
    }
}

Shard::~Shard() {
    stop();
}

void Shard::start() {
    thread_ = base::named_thread("shard", [this] { context_.run(); });
}

void Shard::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

void Shard::publish(PublicationPtr publication) {
    asio::post(context_, [this, publication = std::move(publication)] { take(*publication); });
}

void Shard::take(const Publication& publication) {
    const bool new_version = publication.api_version > api_version_;
    if (new_version) api_version_ = publication.api_version;

    std::array<bool, base::kEndpointCount> touched{};
    touched.fill(new_version);
    for (const auto& frame : publication.frames) {
        ring_.push(frame);
        for (const auto endpoint : base::kEndpoints) {
            if (frame->endpoints().contains(endpoint)) touched[static_cast<std::size_t>(endpoint)] = true;
        }
    }
    for (const auto endpoint : base::kEndpoints) {
        if (touched[static_cast<std::size_t>(endpoint)]) wake(endpoint);
    }
}

void Shard::wake(base::Endpoint endpoint) {
    LaneList waiting;
    waiting.swap(caught_up_[static_cast<std::size_t>(endpoint)]);
    while (!waiting.empty()) {
        Subscriber& subscriber = waiting.front();
        waiting.pop_front();
        subscriber.pump();
    }
}

void Shard::add(asio::ip::tcp::socket socket, const Subscription& subscription, std::string greeting,
                Place place) {
    counts_[static_cast<std::size_t>(subscription.endpoint)]->Increment();
    const auto subscriber = std::make_shared<Subscriber>(*this, std::move(socket), subscription,
                                                         std::move(greeting), std::move(place));
    subscriber->start();
    if (drained_) subscriber->drain();
}

void Shard::mark_caught_up(Subscriber& subscriber) {
    subscriber.ByLaneHook::unlink();
    caught_up_[static_cast<std::size_t>(subscriber.endpoint())].push_back(subscriber);
}

void Shard::insert_by_time(TimeList& list, Subscriber& subscriber) {
    subscriber.ByTimeHook::unlink();
    auto place = list.end();
    while (place != list.begin() && std::prev(place)->since() > subscriber.since()) --place;
    list.insert(place, subscriber);
}

void Shard::mark_quiet(Subscriber& subscriber) {
    insert_by_time(quiet_, subscriber);
    arm(subscriber.since() + kKeepAliveInterval);
}

void Shard::mark_blocked(Subscriber& subscriber) {
    insert_by_time(blocked_, subscriber);
    arm(subscriber.since() + kLook);
}

void Shard::forget(Subscriber& subscriber, EndReason reason) {
    counts_[static_cast<std::size_t>(subscriber.endpoint())]->Decrement();
    ends_[static_cast<std::size_t>(reason)]->Increment();
    if (reason == EndReason::WriteTimeout) {
        log_->info("a subscriber of {} took nothing for {} s and was disconnected",
                   base::endpoint_path(subscriber.endpoint()), options_.subscriber_write_timeout.count());
    }
    if (drained_) finish_drain();
}

void Shard::complain_of_reading(const base::Error& error) {
    if (read_complaints_.pass()) log_->error("a replay waits, its events cannot be read: {}", error.message);
}

void Shard::arm(Clock::time_point deadline) {
    if (deadline >= armed_) return;
    armed_ = deadline;
    timer_.expires_at(deadline);
    timer_.async_wait([this](error_code error) {
        if (!error) on_timer();
    });
}

void Shard::on_timer() {
    armed_ = Clock::time_point::max();
    const auto now = Clock::now();
    while (!quiet_.empty() && quiet_.front().since() + kKeepAliveInterval <= now)
        quiet_.front().send_keep_alive();
    note_progress();
    while (!blocked_.empty() && blocked_.front().since() + options_.subscriber_write_timeout <= now) {
        blocked_.front().end(EndReason::WriteTimeout);
    }
    pass_on_turns(now);
    if (!quiet_.empty()) arm(quiet_.front().since() + kKeepAliveInterval);
    if (!blocked_.empty()) arm(now + kLook);
}

/// The kernel calls a socket writable only when much of its buffer is free; a slow reader makes progress
/// before.
void Shard::note_progress() {
    TimeList still_blocked;
    still_blocked.swap(blocked_);
    TimeList moving;
    while (!still_blocked.empty()) {
        Subscriber& subscriber = still_blocked.front();
        still_blocked.pop_front();
        (subscriber.reads_on() ? moving : blocked_).push_back(subscriber);
    }
    blocked_.splice(blocked_.end(), moving);
}

/// Who holds a turn at the log and reads slowly, or nothing, must not keep others waiting.
void Shard::pass_on_turns(Clock::time_point now) {
    if (!replays_.wanted()) return;
    for (auto& subscriber : blocked_) {
        if (subscriber.has_turn() && subscriber.turn_since() + kLongestTurn <= now) subscriber.yield_turn();
    }
}

void Shard::drain(std::function<void()> drained) {
    asio::post(context_, [this, drained = std::move(drained)]() mutable {
        drained_ = std::move(drained);
        std::vector<std::shared_ptr<Subscriber>> all;
        for (auto* list : {&quiet_, &blocked_}) {
            for (auto& subscriber : *list) all.push_back(subscriber.shared_from_this());
        }
        for (const auto& subscriber : all) subscriber->drain();
        finish_drain();
    });
}

void Shard::finish_drain() {
    if (!quiet_.empty() || !blocked_.empty() || !drained_) return;
    std::exchange(drained_, {})();
}

}  // namespace stream
