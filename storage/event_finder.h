#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "storage/event_reader.h"

namespace storage {

/// An event that was asked for by what it says.
struct FoundEvent {
    base::EventId id = 0;
    base::Kind kind = base::Kind::BlockAdded;
    base::NaturalKey key;
    std::chrono::milliseconds received_at{0};  ///< since 1970
    std::optional<std::uint64_t> era;
    std::optional<std::uint64_t> height;
    std::string payload;      ///< as the node sent it; empty where it is large
    std::uint64_t large = 0;  ///< the payload is above kLargePayload: its number, for read_large()
    std::size_t size = 0;     ///< of the payload, large or not
};

/// Where a listing goes on: behind what stands at this place, whether it is still there or not. Nothing: from
/// its beginning.
struct Place {
    std::uint64_t height = 0;  ///< of blocks() only
    base::EventId id = 0;
};

/// A page of a listing.
template <class Entry>
struct Listing {
    std::vector<Entry> entries;
    /// None: this was the last page. A page may be short, even empty, and have a next one.
    std::optional<Place> next;
};

enum class Order { NewestFirst, OldestFirst };

struct PageLimits {
    std::size_t max_entries = 10;  ///< at least 1
    /// Of payloads; the first entry is given whatever its size, and large ones count nothing.
    std::size_t max_bytes = std::size_t{1} << 20;
    /// Looked at, so that a rare thing among millions takes several pages, not one long; at least 1.
    std::size_t max_rows = 100;
};

struct BlockQuery {
    std::uint64_t from_height = 0;                                       ///< inclusive
    std::uint64_t to_height = std::numeric_limits<std::int64_t>::max();  ///< inclusive
    Order order = Order::NewestFirst;
    std::optional<Place> after;
    PageLimits limits;
};

struct EventQuery {
    std::optional<base::Kind> kind;
    base::EventId from = 1;                ///< inclusive
    base::EventId to = base::kMaxEventId;  ///< exclusive
    Order order = Order::NewestFirst;
    std::optional<Place> after;
    PageLimits limits;
};

/// What is known of a deploy.
struct FoundDeploy {
    base::KeyBytes hash;
    std::optional<FoundEvent> accepted;
    std::optional<FoundEvent> processed;
    std::optional<FoundEvent> expired;
};

enum class DeployStatus { Accepted, Processed, Expired };  ///< Accepted: neither processed nor expired

struct DeployQuery {
    std::optional<base::KeyBytes> account;     ///< the public key
    std::optional<base::KeyBytes> block_hash;  ///< processed in this block
    std::optional<DeployStatus> status;
    std::optional<Place> after;
    PageLimits limits;
};

/// Finds events by hash, height, era and key, through indexes: no call looks at more rows than it gives, but
/// for those that PageLimits::max_rows bounds. Every call blocks on the database; any thread. No read
/// transaction outlives a call. Of a log of several instances, a sidecar's own Shutdown is given to its own
/// only. Errors as those of EventReader::read().
class EventFinder {
  public:
    virtual ~EventFinder() = default;

    /// The block of the greatest height.
    /// Of several at that height, the one of the greatest id.
    [[nodiscard]] virtual base::Result<std::optional<FoundEvent>> newest_block() const = 0;
    /// Likewise.
    [[nodiscard]] virtual base::Result<std::optional<FoundEvent>> block_at(std::uint64_t height) const = 0;

    /// The event of a kind whose key is this hash: BlockAdded and the three of deploys.
    [[nodiscard]] virtual base::Result<std::optional<FoundEvent>> find(base::Kind kind,
                                                                       const base::KeyBytes& hash) const = 0;
    /// The same, of one moment; empty in all three when nothing is known.
    [[nodiscard]] virtual base::Result<FoundDeploy> deploy(const base::KeyBytes& hash) const = 0;
    [[nodiscard]] virtual base::Result<std::optional<FoundEvent>> step(std::uint64_t era) const = 0;

    /// Ids ascending.
    [[nodiscard]] virtual base::Result<std::vector<FoundEvent>> faults_of(
        const base::KeyBytes& public_key) const = 0;
    [[nodiscard]] virtual base::Result<std::vector<FoundEvent>> faults_in(std::uint64_t era) const = 0;
    [[nodiscard]] virtual base::Result<std::vector<FoundEvent>> signatures_of(
        const base::KeyBytes& block_hash) const = 0;

    /// By height; blocks of equal height by id.
    [[nodiscard]] virtual base::Result<Listing<FoundEvent>> blocks(const BlockQuery& query) const = 0;
    /// By id.
    [[nodiscard]] virtual base::Result<Listing<FoundEvent>> events(const EventQuery& query) const = 0;
    /// Each deploy once, newest first: of a block by the id of its DeployProcessed; of an account by that of
    /// its newest event but for DeployExpired, which names no account; of a status by that of the event which
    /// the status is named after; of all by that of its newest event.
    [[nodiscard]] virtual base::Result<Listing<FoundDeploy>> deploys(const DeployQuery& query) const = 0;

    /// A large payload whole; who asks for one that is just read, or still held, gets the same copy. At most
    /// two are read at a time, others wait. None: its event was deleted meanwhile.
    [[nodiscard]] virtual base::Result<std::shared_ptr<const std::string>> read_large(
        std::uint64_t number) const = 0;
};

}  // namespace storage
