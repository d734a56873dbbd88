#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_kind.h"
#include "base/result.h"

namespace storage {

/// What an operator wants of a node; outlives every restart.
struct NodeIntent {
    enum class Wish : std::uint8_t { Run, Suspended, Deleted };
    std::string node;
    Wish wish = Wish::Run;
    std::string
        configuration;  ///< of a node that a command added; empty: it stands in the configuration file
};

/// One transition of a node's lifecycle, and what was known of the node then. The words are the lifecycle's.
struct NodeObservation {
    std::string node;
    std::int64_t at = 0;  ///< milliseconds since 1970
    std::string from;
    std::string to;
    std::string cause;
    std::string message;  ///< the last error, where there is one
    std::uint32_t attempt = 0;
    std::optional<std::uint64_t> height;  ///< of its newest block
    std::string build_version;
    std::string network_name;
};

/// Ids of a node that were never read at one of its endpoints.
struct NodeGap {
    std::string node;
    base::Filter filter = base::Filter::Main;
    std::uint32_t generation = 0;
    std::uint32_t first = 0;
    std::optional<std::uint32_t> last;  ///< none: it is not known
    std::int64_t at = 0;                ///< when it was found, milliseconds since 1970
    bool operator==(const NodeGap&) const = default;
};

/// The nodes' wishes, histories and gaps, beside the events. Writing never waits for the database: it is done
/// on the store's own thread, the wishes in order and the observations in order, and tried again while the
/// database fails. Wishes and gaps are given up only when the store is destroyed and a last try fails; of the
/// observations the oldest are, too, when thousands wait.
class NodeStore {
  public:
    static constexpr std::size_t kHistoryPerNode = 200;  ///< older transitions are deleted
    static constexpr std::size_t kGapsPerNode = 200;     ///< likewise

    virtual ~NodeStore() = default;

    /// As of start-up, by name; deleted nodes are among them.
    [[nodiscard]] virtual std::vector<NodeIntent> intents() const = 0;

    /// Replaces the node's. `done`, if any, is called on the store's thread once it is durable, at the latest
    /// while the store is destroyed; never, if it is given up. It must not throw or block, and may call the
    /// store. Any thread.
    virtual void save(NodeIntent intent, std::function<void()> done) = 0;

    /// As of start-up, the oldest first.
    [[nodiscard]] virtual std::vector<NodeGap> gaps() const = 0;

    /// A gap of the same node, endpoint, generation and first id is replaced, so that one that is found twice
    /// is kept once. `done` as that of save(). Any thread.
    virtual void save(NodeGap gap, std::function<void()> done) = 0;

    /// Becomes the node's newest observation and an entry of its history. Any thread.
    virtual void note(NodeObservation observation) = 0;

    /// The newest transitions of a node, the newest first, without those that wait to be written; no more
    /// than are kept. Errors as those of EventLog::read. Any thread; blocks on the database.
    [[nodiscard]] virtual base::Result<std::vector<NodeObservation>> history(std::string_view node,
                                                                             std::size_t most) const = 0;
};

}  // namespace storage
