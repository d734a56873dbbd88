#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace base {

/// Where an event came from: one of a node's three SSE endpoints ("filters" in the metrics), or this sidecar.
/// The numbers are stored in the log.
enum class Filter : std::uint8_t { Main = 0, Deploys = 1, Sigs = 2, Sidecar = 3 };
inline constexpr std::size_t kNodeFilterCount = 3;
inline constexpr std::array kNodeFilters{Filter::Main, Filter::Deploys, Filter::Sigs};

/// The endpoints that subscribers read.
enum class Endpoint : std::uint8_t { Events = 0, Main = 1, Deploys = 2, Sigs = 3, Sidecar = 4 };
inline constexpr std::size_t kEndpointCount = 5;
inline constexpr std::array kEndpoints{Endpoint::Events, Endpoint::Main, Endpoint::Deploys, Endpoint::Sigs,
                                       Endpoint::Sidecar};

/// A set of endpoints, one bit each.
class EndpointSet {
  public:
    constexpr EndpointSet() = default;
    template <class... E>
    constexpr explicit EndpointSet(E... endpoints) : bits_((bit(endpoints) | ... | 0U)) {}

    [[nodiscard]] constexpr bool contains(Endpoint e) const { return (bits_ & bit(e)) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    constexpr bool operator==(const EndpointSet&) const = default;

  private:
    static constexpr unsigned bit(Endpoint e) { return 1U << static_cast<unsigned>(e); }
    unsigned bits_ = 0;
};

/// What an event is. The numbers are stored in the log: never reuse one.
enum class Kind : std::uint8_t {
    ApiVersion = 0,  ///< announces a version; has no id and is no row of the log
    BlockAdded = 1,
    DeployAccepted = 2,
    DeployProcessed = 3,
    DeployExpired = 4,
    Fault = 5,
    FinalitySignature = 6,
    Step = 7,
    Shutdown = 8,
};

/// Which members of the payload make the natural key, by which the same event of two nodes is known as one.
enum class KeyShape : std::uint8_t {
    None,            ///< ApiVersion
    BlockHash,       ///< block_hash
    DeployHash,      ///< deploy_hash
    Hash,            ///< hash
    EraPublicKey,    ///< era_id + public_key
    BlockPublicKey,  ///< block_hash + public_key
    Era,             ///< era_id
    Occurrence,      ///< the node, its endpoint, the generation and number of its id: every copy is an event
};

struct KindRow {
    Kind kind;
    std::string_view name;  ///< the payload's one member, or the bare string
    Filter filter;          ///< the node's endpoint that sends it (Shutdown: all three)
    KeyShape key;
    EndpointSet endpoints;  ///< where it is served (Shutdown: see endpoints_of)
};

/// THE table of event kinds; parsing, deduplication, routing and documentation all follow it.
inline constexpr std::array<KindRow, 9> kKinds{{
    {Kind::ApiVersion, "ApiVersion", Filter::Main, KeyShape::None, EndpointSet{}},
    {Kind::BlockAdded, "BlockAdded", Filter::Main, KeyShape::BlockHash,
     EndpointSet{Endpoint::Events, Endpoint::Main}},
    {Kind::DeployAccepted, "DeployAccepted", Filter::Deploys, KeyShape::Hash, EndpointSet{Endpoint::Deploys}},
    {Kind::DeployProcessed, "DeployProcessed", Filter::Main, KeyShape::DeployHash,
     EndpointSet{Endpoint::Events, Endpoint::Main}},
    {Kind::DeployExpired, "DeployExpired", Filter::Main, KeyShape::DeployHash, EndpointSet{Endpoint::Main}},
    {Kind::Fault, "Fault", Filter::Main, KeyShape::EraPublicKey,
     EndpointSet{Endpoint::Events, Endpoint::Main}},
    {Kind::FinalitySignature, "FinalitySignature", Filter::Sigs, KeyShape::BlockPublicKey,
     EndpointSet{Endpoint::Events, Endpoint::Sigs}},
    {Kind::Step, "Step", Filter::Main, KeyShape::Era, EndpointSet{Endpoint::Main}},
    {Kind::Shutdown, "Shutdown", Filter::Main, KeyShape::Occurrence, EndpointSet{}},
}};

[[nodiscard]] constexpr const KindRow& row_of(Kind kind) {
    return kKinds[static_cast<std::size_t>(kind)];
}

/// The kind of that name, compared exactly.
[[nodiscard]] constexpr std::optional<Kind> kind_named(std::string_view name) {
    for (const auto& row : kKinds) {
        if (row.name == name) return row.kind;
    }
    return std::nullopt;
}

/// The endpoints that serve an event of this kind which came from this filter.
[[nodiscard]] constexpr EndpointSet endpoints_of(Kind kind, Filter filter) {
    if (kind != Kind::Shutdown) return row_of(kind).endpoints;
    switch (filter) {
        case Filter::Main:
            return EndpointSet{Endpoint::Events, Endpoint::Main};
        case Filter::Deploys:
            return EndpointSet{Endpoint::Deploys};
        case Filter::Sigs:
            return EndpointSet{Endpoint::Sigs};
        case Filter::Sidecar:
            return EndpointSet{Endpoint::Sidecar};
    }
    return {};
}

/// "events/main": the node's path without the slash, as metrics and logs name it.
[[nodiscard]] constexpr std::string_view filter_name(Filter filter) {
    constexpr std::array<std::string_view, 4> kNames{"events/main", "events/deploys", "events/sigs",
                                                     "events/sidecar"};
    return kNames[static_cast<std::size_t>(filter)];
}

/// "/events/main": the path that subscribers ask for.
[[nodiscard]] constexpr std::string_view endpoint_path(Endpoint endpoint) {
    constexpr std::array<std::string_view, kEndpointCount> kPaths{
        "/events", "/events/main", "/events/deploys", "/events/sigs", "/events/sidecar"};
    return kPaths[static_cast<std::size_t>(endpoint)];
}

}  // namespace base
