#include "sim/producer.h"

#include <algorithm>

#include "sim/payload_edit.h"

namespace sim {
namespace {

// As many events at most before the sockets get their turn, so that a rate beyond what is possible starves
// nobody.
constexpr std::size_t kEventsPerTick = 500;
constexpr std::chrono::milliseconds kTick{1};
constexpr std::chrono::milliseconds kWaitingTick{10};

}  // namespace

Producer::Producer(boost::asio::io_context& context, ProducerOptions options,
                   std::unique_ptr<EventSource> source, std::vector<Node*> nodes)
    : options_(std::move(options)),
      source_(std::move(source)),
      nodes_(std::move(nodes)),
      delivery_(options_.seed, nodes_.size(), options_.max_skew),
      timer_(context),
      limit_(options_.events) {
    if (options_.paused) paused_at_ = std::chrono::nanoseconds(0);
}

base::Result<void> Producer::start(std::function<void()> on_begin) {
    on_begin_ = std::move(on_begin);
    if (!options_.record.empty()) {
        record_.open(options_.record, std::ios::binary | std::ios::trunc);
        if (!record_) return base::invalid("cannot write the record " + options_.record);
    }
    fetch();
    origin_ = Clock::now();
    tick_at(origin_);
    return {};
}

void Producer::pause() {
    if (!paused_at_) paused_at_ = elapsed();
}

void Producer::resume(std::optional<std::uint64_t> events) {
    const bool stood_still = paused_at_ || at_limit();
    if (events) limit_ = progress_.events + *events;
    if (!events && at_limit()) limit_.reset();
    if (!stood_still || !begun_) {
        paused_at_.reset();
        return;
    }
    // The next event is due now, whenever it should have been.
    paused_at_.reset();
    if (next_) shift_ += std::max(elapsed() - next_due(), std::chrono::nanoseconds(0));
    tick_at(Clock::now());
}

void Producer::tick() {
    if (!begun_ && !may_begin()) {
        tick_at(Clock::now() + kWaitingTick);
        return;
    }
    const auto now = elapsed();
    produce_until(now);
    // What is not yet produced may have to arrive before what is.
    deliver_until(producing() ? std::min(now, next_due()) : now);
    if (record_.is_open()) record_.flush();
    schedule(now);
}

bool Producer::may_begin() {
    if (elapsed() < options_.start_delay) return false;
    const bool all_there = std::all_of(nodes_.begin(), nodes_.end(), [&](const Node* node) {
        const auto counts = node->subscribers();
        return std::all_of(counts.begin(), counts.end(),
                           [&](auto count) { return count >= options_.wait_for_subscribers; });
    });
    if (!all_there || paused_at_) return false;
    begun_ = true;
    origin_ = Clock::now();
    on_begin_();
    return true;
}

void Producer::produce_until(std::chrono::nanoseconds now) {
    for (std::size_t i = 0; i < kEventsPerTick && producing(); ++i) {
        const auto due = next_due();
        if (due > now) return;
        emit(due);
    }
}

void Producer::emit(std::chrono::nanoseconds when) {
    if (options_.stamp) add_stamp(next_->payload, std::chrono::system_clock::now());
    if (record_.is_open()) record_ << next_->payload << '\n';
    const auto event = std::make_shared<const LogicalEvent>(std::move(*next_));
    ++progress_.events;
    ++progress_.by_kind[static_cast<std::size_t>(event->kind)];
    if (event->block) progress_.last_block = event->block;
    delivery_.publish(event, when);
    fetch();
}

void Producer::deliver_until(std::chrono::nanoseconds now) {
    while (const auto arrival = delivery_.next(now)) nodes_[arrival->node]->deliver(arrival->event);
    for (auto* node : nodes_) node->wake();
}

void Producer::schedule(std::chrono::nanoseconds now) {
    auto wake_at = delivery_.next_time();
    if (producing()) wake_at = wake_at ? std::min(*wake_at, next_due()) : next_due();
    if (!wake_at) return;
    tick_at(origin_ + std::max<std::chrono::nanoseconds>(*wake_at, now + kTick));
}

void Producer::tick_at(Clock::time_point when) {
    timer_.expires_at(when);
    timer_.async_wait([this, turn = ++turn_](const boost::system::error_code& error) {
        if (!error && turn == turn_) tick();
    });
}

void Producer::fetch() {
    next_ = source_->next();
}

std::chrono::nanoseconds Producer::next_due() const {
    if (options_.rate <= 0) return next_->due + shift_;
    const double seconds = static_cast<double>(progress_.events) / options_.rate;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)) + shift_;
}

}  // namespace sim
