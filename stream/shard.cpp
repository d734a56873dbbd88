#include "stream/shard.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <iterator>
#include <utility>

#include "base/named_thread.h"

namespace stream {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kKeepAliveInterval{15};
constexpr std::chrono::milliseconds kKeepAliveStep{100};  // those due within it are woken for at once
constexpr std::chrono::seconds kLongestTurn{1};           // of a socket that is full, while others wait
constexpr std::chrono::seconds kLook{1};                  // at those whose sockets take nothing
constexpr std::chrono::seconds kComplaintInterval{60};
constexpr std::chrono::milliseconds kHeldLook{100};  // at what is held, while somebody is behind
constexpr std::chrono::seconds kHeldFor{5};  // what a subscriber has still to get, since it took something
constexpr int kOneThread = 1;

}  // namespace

Shard::Shard(const Options& options, std::span<const FramePtr> newest, base::EventId next,
             base::ApiVersion api_version, Replays& replays, base::Log log, base::Metrics& metrics)
    : options_(options),
      replays_(replays),
      log_(std::move(log)),
      read_complaints_(kComplaintInterval),
      delivery_seconds_(metrics.delivery_seconds()),
      ring_({options.event_stream_buffer_length, options.event_stream_buffer_size},
            newest.empty() ? next : newest.front()->id()),
      api_version_(api_version),
      context_(kOneThread),
      work_(context_.get_executor()),
      timer_(context_),
      coalescing_(context_),
      staggered_end_(context_) {
    for (const auto& frame : newest) ring_.push(frame);
    counts_.ring_is(ring_);
    for (const auto reason : kEndReasons) {
        ends_[static_cast<std::size_t>(reason)] = &metrics.disconnect(name_of(reason));
    }
    for (const auto endpoint : base::kEndpoints) {
        subscribers_[static_cast<std::size_t>(endpoint)] =
            &metrics.subscribers(base::endpoint_path(endpoint));
    }
}

Shard::~Shard() {
    stop();
}

void Shard::start() {
    thread_ = base::named_thread("shard", [this] {
        if (options_.use_io_uring) batch_ = tls::SendBatch::open();
        log_->debug("shard: {}",
                    batch_ ? "sends go out together, by io_uring" : "each send is a call of its own");
        context_.run();
        batch_.reset();
    });
}

void Shard::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

void Shard::publish(PublicationPtr publication) {
    if (!inbox_.put(std::move(publication))) return;
    asio::post(context_, [this] { take_published(); });
}

void Shard::take_published() {
    for (const auto& publication : inbox_.take_all()) take(*publication);
}

/// Those who wait are woken behind all publications that are here already, so that the more there is to send,
/// the more goes out in one write; with `coalesce`, only so long after the first of them.
void Shard::take(const Publication& publication) {
    const bool new_version = publication.api_version > api_version_;
    if (new_version) {
        api_version_ = publication.api_version;
        for (const auto& lane : ring_.lanes()) lane->touch();
    }
    for (const auto& frame : publication.frames) ring_.push(frame);
    release_sent();
    counts_.ring_is(ring_);
    if (!taken_) taken_ = publication.committed;
    if (std::exchange(wake_is_due_, true)) return;
    if (options_.coalesce.count() == 0) return asio::post(context_, [this] { wake_touched(); });
    coalescing_.expires_after(options_.coalesce);
    coalescing_.async_wait([this](error_code error) {
        if (!error) wake_touched();
    });
}

/// Reading from the log is slower than a thousand subscribers together can need it: those whom a pause of the
/// machine or of the network left behind would never catch up. So the ring holds what they have to get.
void Shard::release_sent() {
    const auto now = Clock::now();
    if (!ring_.over_length() || now < next_release_) return;
    auto oldest = ring_.next_id();
    const auto hold = [&oldest](const Subscriber& subscriber) {
        oldest = std::min(oldest, subscriber.wanted_of_ring().value_or(oldest));
    };
    std::ranges::for_each(quiet_, hold);
    const auto held_since = now - kHeldFor;
    for (const auto& subscriber : blocked_) {
        if (subscriber.since() > held_since) hold(subscriber);
    }
    ring_.release_before(oldest);
    next_release_ = ring_.over_length() ? now + kHeldLook : now;
}

void Shard::wake_touched() {
    wake_is_due_ = false;
    committed_ = std::exchange(taken_, {});
    std::optional<Replays::LiveSending> sending;
    const std::vector<LanePtr> lanes(ring_.lanes().begin(), ring_.lanes().end());
    for (const auto& lane : lanes) {
        if (!lane->touched()) continue;
        auto waiting = lane->take_waiters();
        if (!waiting.empty() && !sending) sending.emplace(replays_);
        wake(waiting);
    }
    if (!joined_.empty()) send_joined();
    committed_.reset();
    delivery_seconds_.flush();
}

/// To serve all of a shard takes its time, with thousands of subscribers tens of milliseconds. What is
/// published meanwhile goes to those whose turn comes still, and to the others at the next wake-up: so
/// nothing waits for longer than one round, where it could be two.
void Shard::wake(Lane::Waiters& waiting) {
    while (!waiting.empty()) {
        // What is in the batch refers to frames, which the ring must not let go of.
        if (joined_.empty() && !inbox_.empty()) take_published();
        auto& subscriber = static_cast<Subscriber&>(waiting.front());
        waiting.pop_front();
        if (subscriber.has_all()) {
            mark_caught_up(subscriber);
            continue;
        }
        const auto amount = batch_ ? subscriber.join(*batch_) : std::nullopt;
        if (!amount) {
            subscriber.pump(Subscriber::Cause::Woken);
            continue;
        }
        joined_.push_back({&subscriber, *amount});
        if (batch_->full()) send_joined();
    }
}

void Shard::send_joined() {
    const auto outcomes = batch_->send();
    // None of them goes before this function ends: handlers that have still to run hold them.
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        joined_[i].subscriber->settle(joined_[i].amount, outcomes[i]);
    joined_.clear();
    if (batch_->usable()) return;
    log_->warn("the kernel no longer takes sends by io_uring; each goes out by a call of its own");
    batch_.reset();
}

/// What is sent in one write is as old as the oldest event that may be in it.
void Shard::count_delivery(base::Endpoint endpoint, std::size_t events, std::size_t bytes,
                           Clock::time_point sent, bool waited) {
    counts_.delivered(endpoint, events, bytes);
    if (!waited || !committed_ || events == 0) return;
    delivery_seconds_.observe(std::chrono::duration<double>(sent - *committed_).count(), events);
}

void Shard::add(tls::Socket socket, const Subscription& subscription, const Greeting& greeting, Place place) {
    subscribers_[static_cast<std::size_t>(subscription.lane.endpoint)]->Increment();
    const auto subscriber =
        std::make_shared<Subscriber>(*this, std::move(socket), subscription, greeting, std::move(place));
    subscriber->start();
    if (drained_) return subscriber->drain(EndReason::Stopped);
    if (staggered_end_.active()) staggered_end_.add(subscriber);
}

void Shard::mark_caught_up(Subscriber& subscriber) {
    subscriber.LaneWaiter::unlink();
    subscriber.lane().add_waiter(subscriber);
}

void Shard::insert_by_time(TimeList& list, Subscriber& subscriber) {
    ByTimeHook& hook = subscriber;
    const ByTimeHook::Filed filed{&list, subscriber.since()};
    if (hook.is_linked() && hook.filed == filed) return;
    hook.unlink();
    auto place = list.end();
    while (place != list.begin() && std::prev(place)->since() > subscriber.since()) --place;
    list.insert(place, subscriber);
    hook.filed = filed;
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
    subscribers_[static_cast<std::size_t>(subscriber.endpoint())]->Decrement();
    ends_[static_cast<std::size_t>(reason)]->Increment();
    if (reason == EndReason::WriteTimeout) {
        log_->info("a subscriber of {} took nothing for {} s and was disconnected",
                   base::endpoint_path(subscriber.endpoint()), options_.subscriber_write_timeout.count());
    }
    if (reason == EndReason::TooFarBehind) {
        log_->info("a subscriber of {} fell more than {} events behind and was disconnected",
                   base::endpoint_path(subscriber.endpoint()), options_.max_subscriber_lag);
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
    end_laggards();
    pass_on_turns(now);
    if (!quiet_.empty()) arm(std::max(quiet_.front().since() + kKeepAliveInterval, now + kKeepAliveStep));
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

/// Only who waits for its socket can be too slow.
void Shard::end_laggards() {
    const auto max = options_.max_subscriber_lag;
    if (max == 0) return;
    for (auto next = blocked_.begin(); next != blocked_.end();) {
        Subscriber& subscriber = *next++;
        if (subscriber.lags_more_than(max)) subscriber.end(EndReason::TooFarBehind);
    }
}

/// Who holds a turn at the log and reads slowly, or nothing, must not keep others waiting.
void Shard::pass_on_turns(Clock::time_point now) {
    if (!replays_.wanted()) return;
    for (auto& subscriber : blocked_) {
        const auto since = subscriber.turn_since();
        if (since && *since + kLongestTurn <= now) subscriber.yield_turn();
    }
}

void Shard::drain(std::function<void()> drained) {
    asio::post(context_, [this, drained = std::move(drained)]() mutable {
        drained_ = std::move(drained);
        staggered_end_.stop();
        for (const auto& subscriber : all()) subscriber->drain(EndReason::Stopped);
        finish_drain();
    });
}

template <class Visitor>
void Shard::each(Visitor visit) {
    for (auto* list : {&quiet_, &blocked_}) {
        for (auto& subscriber : *list) visit(subscriber);
    }
}

/// In the order in which they came.
std::vector<std::shared_ptr<Subscriber>> Shard::all() {
    std::vector<std::shared_ptr<Subscriber>> all;
    each([&all](Subscriber& subscriber) { all.push_back(subscriber.shared_from_this()); });
    std::ranges::sort(all, {}, [](const auto& subscriber) { return subscriber->id(); });
    return all;
}

void Shard::report(std::function<void(SubscriberReports)> done) {
    asio::post(context_, [this, done = std::move(done)] {
        SubscriberReports reports;
        each([&reports](Subscriber& subscriber) { reports.push_back(subscriber.report()); });
        done(std::move(reports));
    });
}

void Shard::close(SubscriberId id, std::function<void(bool)> done) {
    asio::post(context_, [this, id, done = std::move(done)] {
        Subscriber* found = nullptr;
        each([id, &found](Subscriber& subscriber) {
            if (subscriber.id() == id) found = &subscriber;
        });
        if (found != nullptr) found->close(EndReason::ClosedByOperator);
        done(found != nullptr);
    });
}

void Shard::end_all_over(std::chrono::steady_clock::duration time, double phase) {
    asio::post(context_, [this, time, phase] { staggered_end_.begin(all(), time, phase); });
}

void Shard::stop_ending() {
    asio::post(context_, [this] { staggered_end_.stop(); });
}

void Shard::finish_drain() {
    if (!quiet_.empty() || !blocked_.empty() || !drained_) return;
    std::exchange(drained_, {})();
}

}  // namespace stream
