#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "net/body.h"
#include "storage/event_finder.h"

namespace rest {

/// A large payload that is still to be read.
struct LargePart {
    std::uint64_t number = 0;  ///< for EventFinder::read_large()
    bool whole = false;        ///< the payload as the node sent it; else what its one member holds
};

using Part = std::variant<std::string, LargePart, net::SharedBody>;

/// What an answer consists of: text, and large payloads between it, which are read one after the other while
/// the answer is written.
struct Content {
    std::vector<Part> parts;
    std::string etag;        ///< with its quotes; empty: none
    bool immutable = false;  ///< never changes once it is there

    void add(std::string_view text);
    void take(std::string text);  ///< without a copy, where nothing but a large part goes before
    void add(LargePart large) { parts.emplace_back(large); }
};

/// Makes an entity tag of the numbers that an answer depends on, such as the ids of its events.
class EntityTag {
  public:
    explicit EntityTag(std::uint64_t seed) : hash_(seed) {}
    void add(std::uint64_t number);
    void add(const std::optional<storage::FoundEvent>& event) { add(event ? event->id : 0); }
    /// With its quotes.
    [[nodiscard]] std::string text() const;

  private:
    std::uint64_t hash_;
};

}  // namespace rest
