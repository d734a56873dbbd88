#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "net/router.h"

namespace rest {

/// What a request asks for.
enum class Query {
    NewestBlock,
    Block,
    Blocks,
    Deploy,
    DeployAccepted,
    DeployProcessed,
    DeployExpired,
    Deploys,
    Faults,
    Signatures,
    Step,
    Events,
    Status,
};

/// What a parameter's text must look like.
enum class ParameterType {
    Hash,
    HashOrHeight,
    PublicKey,
    PublicKeyOrEra,
    Number,  ///< a decimal below 2^64
    Limit,
    Cursor,
    Kind,
    Order,
    DeployStatus,
    Switch,  ///< on when given, whatever its value
};

struct ParameterRow {
    std::string_view name;
    bool in_path = false;
    ParameterType type = ParameterType::Hash;
    std::string_view help;
    std::string_view example{};
    std::size_t most = 0;  ///< Limit only
};

/// Whether fields of the query that the table does not know are refused. The routes of the Rust sidecar
/// overlook them, as it does.
enum class UnknownFields { Overlook, Refuse };

/// What its answers may be used for without asking again (RFC 9111).
enum class Caching {
    None,        ///< no entity tag, always made anew
    Revalidate,  ///< kept, and asked about with If-None-Match
    Immutable,   ///< never changes once it is there
};

/// How much of the database a query looks at.
enum class Effort {
    Few,   ///< an event or a few, found by their keys
    Many,  ///< as many as there are, or as a page holds
};

/// One route: all that the router, the reading of parameters and the OpenAPI document know of it.
struct RouteRow : net::Route {
    Query query = Query::Status;
    Effort effort = Effort::Many;
    std::string_view tag;
    std::string_view summary;
    std::string_view help;
    std::span<const ParameterRow> parameters;
    UnknownFields unknown_fields = UnknownFields::Overlook;
    std::string_view schema;  ///< of the answer: its name in schemas.json, and that of its example
    bool may_be_missing = true;
    Caching caching = Caching::Revalidate;
};

/// THE table of routes.
[[nodiscard]] std::span<const RouteRow> routes();

inline constexpr std::size_t kDefaultLimit = 10;

}  // namespace rest
