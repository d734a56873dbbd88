#include "upstream/filter_set.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace upstream {

namespace asio = boost::asio;

namespace {

std::optional<ResumePoint> resume_point(const NodeContext& node, base::Filter filter) {
    const auto& points = node.shared->dependencies.resume;
    const auto found = points.find({node.options.name, filter});
    if (found == points.end()) return std::nullopt;
    return found->second;
}

/// A node's ids are one sequence, so an endpoint without a position is in the generation of the others.
std::uint32_t stored_generation(const NodeContext& node) {
    std::uint32_t generation = 0;
    for (const auto filter : base::kNodeFilters) {
        if (const auto point = resume_point(node, filter))
            generation = std::max(generation, point->position.generation);
    }
    return generation;
}

GapFinder::Positions stored_positions(const NodeContext& node) {
    GapFinder::Positions positions;
    for (const auto filter : base::kNodeFilters) {
        if (const auto point = resume_point(node, filter))
            positions[static_cast<std::size_t>(filter)] = point->position;
    }
    return positions;
}

/// Beside endpoints that work, however impatient the node's own delay is.
constexpr std::chrono::seconds kShortestRetry{1};

RetryPolicy without_end(const NodeOptions& node, const RetryPolicy::Random& random) {
    NodeOptions options = node;
    options.max_attempts = std::numeric_limits<std::uint32_t>::max();
    return RetryPolicy(options, random);
}

}  // namespace

FilterSet::Memory FilterSet::stored_memory(const NodeContext& node) {
    const auto generation = stored_generation(node);
    using enum base::Filter;
    return {.cursors = {FilterCursor(resume_point(node, Main), generation),
                        FilterCursor(resume_point(node, Deploys), generation),
                        FilterCursor(resume_point(node, Sigs), generation)},
            .gaps = GapFinder(stored_positions(node), !node.options.allow_partial_connection)};
}

FilterSet::FilterSet(std::shared_ptr<const NodeContext> node, Memory memory,
                     const RetryPolicy::Random& random)
    : node_(std::move(node)),
      slots_{make_slot(base::Filter::Main, std::move(memory.cursors[0]), random),
             make_slot(base::Filter::Deploys, std::move(memory.cursors[1]), random),
             make_slot(base::Filter::Sigs, std::move(memory.cursors[2]), random)},
      changed_(std::make_shared<Signal>(node_->shared->executor)),
      gaps_(node_, std::move(memory.gaps), changed_) {}

FilterSet::Slot FilterSet::make_slot(base::Filter filter, FilterCursor cursor,
                                     const RetryPolicy::Random& random) const {
    return Slot(filter, FilterMemory{std::move(cursor)}, without_end(node_->options, random));
}

asio::awaitable<FilterSet::End> FilterSet::run(base::KeyBytes identity, std::function<void()> connected) {
    stopped_ = false;
    identity_ = std::move(identity);
    GapFinder::Resumes resumes{};
    for (std::size_t i = 0; i < slots_.size(); ++i)
        resumes[i] = slots_[i].memory.cursor.committed().has_value();
    gaps_.finder().begin(resumes);
    for (auto& slot : slots_) open(slot);
    bool was_connected = false;
    auto next_check = Clock::now() + node_->options.sleep_between_keep_alive_checks;
    auto resumption_check = Clock::time_point::max();
    auto end = find_end(was_connected);
    while (!end) {
        if (!was_connected && is_connected()) {
            was_connected = true;
            resumption_check = Clock::now() + node_->options.connection_timeout;
            connected();
        }
        if (was_connected) admit_connected();
        look_at_gaps();
        const auto wake_at = std::min({next_check, next_retry(), resumption_check});
        co_await changed_->wait_until(wake_at);

        const auto now = Clock::now();
        note_reading(reads_blocks());
        bool look_for_stall = false;
        if (now >= next_check) {
            next_check = now + node_->options.sleep_between_keep_alive_checks;
            look_for_stall = !close_silent(now);
        }
        if (now >= resumption_check) {
            resumption_check = Clock::time_point::max();
            read_anew_if_forgotten();
        }
        end = find_end(was_connected);
        if (!end && look_for_stall) end = find_stall(now);
        if (end) break;
        put_off_failed(now);
        open_due(now);
    }
    note_reading(false);
    co_await close_all();
    if (reads_anew(end->cause)) forget_positions(end->cause);
    co_return std::move(*end);
}

void FilterSet::stop() {
    stopped_ = true;
    changed_->notify();
}

void FilterSet::open(Slot& slot) {
    slot.retry_at = Clock::time_point::max();
    slot.reader = std::make_shared<FilterReader>(node_, slot.filter, slot.memory, gaps_, identity_, changed_);
    slot.reader->start();
}

void FilterSet::open_due(Clock::time_point now) {
    for (auto& slot : slots_) {
        if (!slot.reader && slot.retry_at <= now) open(slot);
    }
}

void FilterSet::admit_connected() {
    for (auto& slot : slots_) {
        if (!slot.reader || slot.reader->phase() != FilterReader::Phase::Ready) continue;
        slot.retries.connected(Clock::now());
        slot.reader->admit();
    }
}

/// Only a partial set gets here with an endpoint that ended: the others go on without it.
void FilterSet::put_off_failed(Clock::time_point now) {
    for (auto& slot : slots_) {
        if (!slot.reader || slot.reader->phase() != FilterReader::Phase::Ended) continue;
        slot.last_failure = slot.reader->end().message;
        note_end(slot);
        slot.reader.reset();
        const auto wanted = slot.retries.failed(now).value_or(node_->options.max_delay_between_retries);
        const auto delay = std::max<std::chrono::milliseconds>(wanted, kShortestRetry);
        slot.retry_at = now + delay;
        node_->log->warn("node {}: {}: {}; goes on without it, next try in {:.1f} s", node_->options.name,
                         base::filter_name(slot.filter), slot.last_failure,
                         std::chrono::duration<double>(delay).count());
    }
}

bool FilterSet::close_silent(Clock::time_point now) {
    bool closed = false;
    for (auto& slot : slots_) {
        if (!slot.reader || slot.reader->silence(now) < node_->options.no_message_timeout) continue;
        slot.reader->close(NodeCause::Silent, fmt::format("nothing was received for {} s",
                                                          node_->options.no_message_timeout.count()));
        closed = true;
    }
    return closed;
}

/// A node that was wiped and is quiet since shows it by no id: it just sends nothing, on any endpoint.
void FilterSet::read_anew_if_forgotten() {
    FilterReader* forgotten = nullptr;
    for (const auto& slot : slots_) {
        if (!slot.reader || !slot.reader->resumes()) continue;
        if (!slot.reader->awaits_resumption()) return;
        forgotten = slot.reader.get();
    }
    if (forgotten == nullptr) return;
    forgotten->close(NodeCause::Gap, "it holds neither the events read last nor later ones");
}

bool FilterSet::is_connected() const {
    const auto is_ready = [](const Slot& slot) { return slot.reader && slot.reader->connected(); };
    return partial() ? std::ranges::any_of(slots_, is_ready) : std::ranges::all_of(slots_, is_ready);
}

std::optional<FilterSet::End> FilterSet::find_end(bool was_connected) const {
    if (stopped_) return End{.cause = NodeCause::Closed, .message = {}};
    std::string failures;
    std::optional<NodeCause> cause;
    std::size_t down = 0;
    for (const auto& slot : slots_) {
        const bool ended = slot.reader && slot.reader->phase() == FilterReader::Phase::Ended;
        if (ended && reads_anew(slot.reader->end().cause)) return slot.reader->end();
        if (slot.reader && !ended) continue;
        ++down;
        if (ended && !cause) cause = slot.reader->end().cause;
        fmt::format_to(std::back_inserter(failures), "{}{}: {}", failures.empty() ? "" : "; ",
                       base::filter_name(slot.filter),
                       ended ? slot.reader->end().message : slot.last_failure);
    }
    const auto tolerated = partial() ? base::kNodeFilterCount - 1 : 0;
    const bool nothing_left = was_connected && !is_connected();
    if (down <= tolerated && !(down > 0 && nothing_left)) return std::nullopt;
    return End{.cause = cause.value_or(NodeCause::StreamFailed), .message = std::move(failures)};
}

/// Its bytes may flow, but its blocks do not come while those of others do.
std::optional<FilterSet::End> FilterSet::find_stall(Clock::time_point now) const {
    const auto& options = node_->options;
    if (!node_->shared->peers.stalled(options.name, options.no_message_timeout, now)) return std::nullopt;
    return End{.cause = NodeCause::Stalled,
               .message = fmt::format("no block came for {} s, while other nodes brought some",
                                      options.no_message_timeout.count())};
}

bool FilterSet::reads_blocks() const {
    const auto& main = slots_[0];
    return main.reader && main.reader->reads();
}

std::array<bool, base::kNodeFilterCount> FilterSet::connected() const {
    std::array<bool, base::kNodeFilterCount> result{};
    for (std::size_t i = 0; i < slots_.size(); ++i)
        result[i] = slots_[i].reader && slots_[i].reader->connected();
    return result;
}

FilterSet::Cursors FilterSet::cursors() const {
    return {slots_[0].memory.cursor, slots_[1].memory.cursor, slots_[2].memory.cursor};
}

FilterSet::Clock::time_point FilterSet::next_retry() const {
    auto next = Clock::time_point::max();
    for (const auto& slot : slots_) next = std::min(next, slot.retry_at);
    return next;
}

asio::awaitable<void> FilterSet::close_all() {
    for (auto& slot : slots_) {
        if (slot.reader) slot.reader->close(NodeCause::Closed, "closed with the node's other connections");
    }
    const auto is_open = [](const Slot& slot) {
        return slot.reader && slot.reader->phase() != FilterReader::Phase::Ended;
    };
    while (std::ranges::any_of(slots_, is_open)) co_await changed_->wait();
    for (auto& slot : slots_) {
        note_end(slot);
        slot.reader.reset();
        slot.retry_at = Clock::time_point::max();
    }
}

void FilterSet::note_end(const Slot& slot) {
    if (slot.reader && slot.reader->kept_up()) gaps_.finder().kept_up(slot.filter);
}

/// Readers hold back what they read while a gap is being found out and stored.
void FilterSet::look_at_gaps() {
    for (auto& slot : slots_) {
        if (slot.reader) slot.reader->look_at_gaps();
    }
}

void FilterSet::forget_positions(NodeCause cause) {
    std::uint32_t generation = 0;
    for (const auto& slot : slots_) generation = std::max(generation, slot.memory.cursor.generation());
    if (cause == NodeCause::IdsRestarted) {
        ++generation;
        node_->shared->peers.forget(node_->options.name);
    }
    for (auto& slot : slots_) slot.memory.cursor.restart(generation);
}

void FilterSet::note_reading(bool reads) {
    node_->shared->peers.reads_blocks(node_->options.name, reads, Clock::now());
}

}  // namespace upstream
