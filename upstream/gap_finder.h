#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/event.h"

namespace upstream {

/// Tells which ids of one node were never read, once the node no longer held the event read last and all that
/// it holds is read anew. Pure; one thread.
///
/// An endpoint's last event falls out of the node's buffer also when the endpoint is merely quiet. So nothing
/// is missing where the node's buffer begins no later than up to where the endpoint was known to be read, be
/// it by its own events or by those of the other endpoints while it was connected and kept up.
class GapFinder {
  public:
    using Positions = std::array<std::optional<base::NodePosition>, base::kNodeFilterCount>;

    struct Range {
        base::Filter filter = base::Filter::Main;
        base::NodePosition first;
        std::optional<std::uint32_t> last;  ///< none: the node's ids began again
        bool operator==(const Range&) const = default;
    };

    /// `read`: the last event read at each endpoint, before this process. `together`: the endpoints were read
    /// together, so that each was read up to where the others were.
    GapFinder(const Positions& read, bool together);

    using Resumes = std::array<bool, base::kNodeFilterCount>;

    /// Connections begin. An endpoint that does not resume where it was read last is read anew, as the node
    /// no longer holds that; decide() is to be asked before anything of it is handed on.
    void begin(const Resumes& resumes);
    /// The first event of a connection.
    void began(base::Filter filter, base::NodePosition first);
    /// An event was handed on.
    void handed_on(base::Filter filter, base::NodePosition position);
    /// A connection ended that had kept up with the node: nothing sent before was left unread.
    void kept_up(base::Filter filter);

    [[nodiscard]] bool undecided() const;

    /// What is missing, once all endpoints have begun; or at the `last_chance`, as an endpoint of which the
    /// node holds no event does not begin. Nothing: it cannot be told yet.
    [[nodiscard]] std::optional<std::vector<Range>> decide(bool last_chance);

  private:
    /// A position as one number; those of a later generation are greater.
    using Place = std::uint64_t;

    struct Endpoint {
        std::optional<Place> last;     ///< event read
        std::optional<Place> reached;  ///< up to where it was read; nothing came between
        std::optional<Place> first;    ///< of the present connection
        bool lost = false;             ///< whether something is missing is not decided
    };

    [[nodiscard]] static Place place_of(base::NodePosition position);
    [[nodiscard]] static base::NodePosition position_at(Place place);
    [[nodiscard]] Endpoint& at(base::Filter filter) { return endpoints_[static_cast<std::size_t>(filter)]; }
    [[nodiscard]] std::optional<Place> oldest_held() const;
    [[nodiscard]] bool goes_on(const Endpoint& endpoint) const;
    [[nodiscard]] std::optional<Range> missing(base::Filter filter, const Endpoint& endpoint,
                                               Place oldest) const;

    std::array<Endpoint, base::kNodeFilterCount> endpoints_;
    Place newest_ = 0;
};

}  // namespace upstream
