#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_kind.h"
#include "upstream/filter_reader.h"
#include "upstream/gap_finder.h"
#include "upstream/node_context.h"
#include "upstream/node_gaps.h"
#include "upstream/retry_policy.h"
#include "upstream/signal.h"

namespace upstream {

/// The connections to a node's three endpoints, which live and die together: a new set begins only when all
/// of the old one is closed. With allow_partial_connection one is enough, and the others are tried again
/// beside it. One thread.
class FilterSet {
  public:
    using Clock = std::chrono::steady_clock;

    using End = FilterReader::End;
    using Cursors = std::array<FilterCursor, base::kNodeFilterCount>;
    /// What a set leaves to the one that takes its place.
    struct Memory {
        Cursors cursors;
        GapFinder gaps;
    };

    /// Where to go on reading, from the positions that were stored.
    [[nodiscard]] static Memory stored_memory(const NodeContext& node);

    FilterSet(std::shared_ptr<const NodeContext> node, Memory memory, const RetryPolicy::Random& random);

    /// Connects, reads until the set has failed, and closes all of it. `identity` is the node's
    /// (natural_key.h). `connected` is called once, when all endpoints (or enough of them) have answered. Can
    /// be run again; not twice at once.
    [[nodiscard]] boost::asio::awaitable<End> run(base::KeyBytes identity, std::function<void()> connected);

    /// Makes a run() that is under way end soon.
    void stop();

    /// By endpoint, in the order of base::kNodeFilters.
    [[nodiscard]] std::array<bool, base::kNodeFilterCount> connected() const;
    /// Not while run() is under way.
    [[nodiscard]] Cursors cursors() const;
    [[nodiscard]] Memory memory() const { return {cursors(), gaps_.finder()}; }

  private:
    struct Slot {
        Slot(base::Filter of, FilterMemory remembered, RetryPolicy policy)
            : filter(of), memory(std::move(remembered)), retries(std::move(policy)) {}
        base::Filter filter;
        FilterMemory memory;
        RetryPolicy retries;
        std::shared_ptr<FilterReader> reader;
        Clock::time_point retry_at = Clock::time_point::max();  ///< without a reader
        std::string last_failure;
    };

    [[nodiscard]] Slot make_slot(base::Filter filter, FilterCursor cursor,
                                 const RetryPolicy::Random& random) const;
    void open(Slot& slot);
    void open_due(Clock::time_point now);
    void admit_connected();
    void put_off_failed(Clock::time_point now);
    [[nodiscard]] bool close_silent(Clock::time_point now);
    void read_anew_if_forgotten();
    void note_reading(bool reads);
    [[nodiscard]] bool is_connected() const;
    [[nodiscard]] bool reads_blocks() const;
    [[nodiscard]] std::optional<End> find_end(bool was_connected) const;
    [[nodiscard]] std::optional<End> find_stall(Clock::time_point now) const;
    [[nodiscard]] Clock::time_point next_retry() const;
    [[nodiscard]] boost::asio::awaitable<void> close_all();
    void forget_positions(NodeCause cause);
    void note_end(const Slot& slot);
    void look_at_gaps();

    [[nodiscard]] bool partial() const { return node_->options.allow_partial_connection; }

    std::shared_ptr<const NodeContext> node_;
    std::array<Slot, base::kNodeFilterCount> slots_;
    std::shared_ptr<Signal> changed_;
    NodeGaps gaps_;
    base::KeyBytes identity_;
    bool stopped_ = false;
};

}  // namespace upstream
