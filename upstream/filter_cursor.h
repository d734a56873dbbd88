#pragma once

#include <cstdint>
#include <optional>

#include "base/event.h"
#include "upstream/upstream.h"

namespace upstream {

/// Decides about each event of one endpoint by its id: whether it is new, and whether the node's ids started
/// again. Pure; one connection after the other.
///
/// A node's ids are u32, rise on each endpoint, wrap at 2^32, and start from 0 when its storage is wiped.
/// `start_from` is inclusive, so that the first event after a reconnect should be the one that was read last.
class FilterCursor {
  public:
    enum class Verdict : std::uint8_t {
        Take,       ///< new
        Gap,        ///< the node no longer holds the event read last: others may be lost as well, or its ids
                    ///< started again and are past it already; what it holds is to be read anew to tell
        Known,      ///< the one read last
        Restarted,  ///< the node's ids are not those of before: everything it holds is to be read anew
    };

    /// By what the event read last is recognised.
    struct Identity {
        base::Kind kind = base::Kind::ApiVersion;
        base::NaturalKey key;  ///< empty for KeyShape::Occurrence
    };

    /// `generation` is used while there is no point to resume from.
    FilterCursor(std::optional<ResumePoint> resume, std::uint32_t generation);

    /// A connection begins. The `start_from` to ask for; 0 is all that the node holds.
    [[nodiscard]] std::uint32_t begin();

    /// Judges the next event; `identity` is null when its payload could not be read. Afterwards position() is
    /// its.
    [[nodiscard]] Verdict see(std::uint32_t id, const Identity* identity);

    /// Of the event seen last.
    [[nodiscard]] base::NodePosition position() const { return seen_; }

    /// That event was handed on: the next connection resumes from it.
    void commit(const ResumePoint& point) { committed_ = point; }

    /// The node's ids started again: the next connection takes all that the node holds.
    void restart(std::uint32_t generation);

    /// Whether the event read last, which the node sends again at once if it holds it, has not come yet.
    [[nodiscard]] bool awaits_resumption() const { return is_first_ && committed_.has_value(); }

    /// The event handed on last, if any since the last restart().
    [[nodiscard]] const std::optional<ResumePoint>& committed() const { return committed_; }
    /// The highest generation seen.
    [[nodiscard]] std::uint32_t generation() const { return seen_.generation; }

  private:
    [[nodiscard]] bool is_committed(const Identity* identity) const;

    std::optional<ResumePoint> committed_;
    base::NodePosition seen_;
    bool is_first_ = true;
};

}  // namespace upstream
