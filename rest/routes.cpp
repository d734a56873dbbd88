#include "rest/routes.h"

#include <array>

namespace rest {
namespace {

constexpr std::string_view kGet = "GET";

constexpr std::string_view kBlockHash = "496aca80e4d8f29fb8e8cd816c3afb48d3f103970b3a2ee1600c08ca67326dee";
constexpr std::string_view kDeployHash = "b7bd55c11b781b0ccc43aa6e57f9dadf0660e9d1d4e27e0979ee43a407d454ae";
constexpr std::string_view kPublicKey = "0130a773019e10091bd38046b29339bb95ae8f72ea3ec981c79b2d91e876d656af";

constexpr ParameterRow kPretty{
    .name = "pretty",
    .type = ParameterType::Switch,
    .help = "Spread the answer over indented lines. Numbers and strings stay as they are.",
};

constexpr ParameterRow path_hash(std::string_view name, std::string_view help, std::string_view example) {
    return {.name = name, .in_path = true, .type = ParameterType::Hash, .help = help, .example = example};
}

constexpr ParameterRow limit(std::size_t most) {
    return {.name = "limit",
            .type = ParameterType::Limit,
            .help = "Most entries of the page. A page may be shorter and still have a next one.",
            .most = most};
}

constexpr ParameterRow kCursor{
    .name = "cursor",
    .type = ParameterType::Cursor,
    .help =
        "`next` of the page before, to go on behind it. The other parameters stay the same, but for `limit`.",
};
constexpr ParameterRow kOrder{
    .name = "order",
    .type = ParameterType::Order,
    .help = "`desc`: the newest first; `asc`: the oldest first.",
};

constexpr std::array kNoParameters{kPretty};
constexpr std::array kBlock{
    ParameterRow{.name = "hash_or_height",
                 .in_path = true,
                 .type = ParameterType::HashOrHeight,
                 .help = "The block's hash (64 hex digits), or its height (fewer, decimal digits).",
                 .example = kBlockHash},
    kPretty,
};
constexpr std::array kBlocks{
    ParameterRow{
        .name = "from_height", .type = ParameterType::Number, .help = "The lowest height, inclusive."},
    ParameterRow{
        .name = "to_height", .type = ParameterType::Number, .help = "The greatest height, inclusive."},
    kOrder,
    limit(100),
    kCursor,
    kPretty,
};
constexpr std::array kDeploy{path_hash("hash", "The deploy's hash.", kDeployHash), kPretty};
constexpr std::array kDeploys{
    ParameterRow{.name = "account",
                 .type = ParameterType::PublicKey,
                 .help = "Only deploys of this account, given by its public key."},
    ParameterRow{.name = "block_hash",
                 .type = ParameterType::Hash,
                 .help = "Only deploys that were processed in this block."},
    ParameterRow{.name = "status",
                 .type = ParameterType::DeployStatus,
                 .help = "Only deploys of this status; `accepted`: neither processed nor expired."},
    limit(100),
    kCursor,
    kPretty,
};
constexpr std::array kFaults{
    ParameterRow{
        .name = "public_key_or_era",
        .in_path = true,
        .type = ParameterType::PublicKeyOrEra,
        .help = "The validator's public key (66 or 68 hex digits), or an era (fewer, decimal digits).",
        .example = kPublicKey},
    kPretty,
};
constexpr std::array kSignatures{path_hash("block_hash", "The hash of the signed block.", kBlockHash),
                                 kPretty};
constexpr std::array kStep{
    ParameterRow{.name = "era",
                 .in_path = true,
                 .type = ParameterType::Number,
                 .help = "The era that the step ends.",
                 .example = "11546"},
    kPretty,
};
constexpr std::array kEvents{
    ParameterRow{.name = "kind", .type = ParameterType::Kind, .help = "Only events of this kind."},
    ParameterRow{.name = "from_id", .type = ParameterType::Number, .help = "The lowest id, inclusive."},
    kOrder,
    limit(1000),
    kCursor,
    kPretty,
};

constexpr std::string_view kBlockTag = "Blocks";
constexpr std::string_view kDeployTag = "Deploys";
constexpr std::string_view kConsensusTag = "Consensus";
constexpr std::string_view kSidecarTag = "Sidecar";

constexpr std::array kRoutes{
    RouteRow{{kGet, "/block"},
             Query::NewestBlock,
             Effort::Few,
             kBlockTag,
             "The newest block",
             "The block of the greatest height that is stored.",
             kNoParameters,
             UnknownFields::Overlook,
             "Block"},
    RouteRow{{kGet, "/block/{hash_or_height}"},
             Query::Block,
             Effort::Few,
             kBlockTag,
             "A block by its hash or height",
             "A block by its hash never changes and may be cached for ever.",
             kBlock,
             UnknownFields::Overlook,
             "Block"},
    RouteRow{{kGet, "/blocks"},
             Query::Blocks,
             Effort::Many,
             kBlockTag,
             "Blocks by height",
             "Page by page; the last one's `next` is null.",
             kBlocks,
             UnknownFields::Refuse,
             "BlockPage",
             false},
    RouteRow{{kGet, "/deploy/{hash}"},
             Query::Deploy,
             Effort::Few,
             kDeployTag,
             "All that is known of a deploy",
             "What was not seen is null. Once acceptance and execution are both known, the answer may be "
             "cached for ever.",
             kDeploy,
             UnknownFields::Overlook,
             "Deploy"},
    RouteRow{{kGet, "/deploy/accepted/{hash}"},
             Query::DeployAccepted,
             Effort::Few,
             kDeployTag,
             "A deploy as it was accepted",
             "The event's own object, byte for byte.",
             kDeploy,
             UnknownFields::Overlook,
             "DeployAccepted",
             true,
             Caching::Immutable},
    RouteRow{{kGet, "/deploy/processed/{hash}"},
             Query::DeployProcessed,
             Effort::Few,
             kDeployTag,
             "What executing a deploy gave",
             "The event's own object, byte for byte.",
             kDeploy,
             UnknownFields::Overlook,
             "DeployProcessed",
             true,
             Caching::Immutable},
    RouteRow{{kGet, "/deploy/expired/{hash}"},
             Query::DeployExpired,
             Effort::Few,
             kDeployTag,
             "Whether a deploy expired",
             "The event's own object, byte for byte.",
             kDeploy,
             UnknownFields::Overlook,
             "DeployExpired",
             true,
             Caching::Immutable},
    RouteRow{{kGet, "/deploys"},
             Query::Deploys,
             Effort::Many,
             kDeployTag,
             "Deploys, the newest first",
             "Page by page; the last one's `next` is null. A deploy stands where its newest event does.",
             kDeploys,
             UnknownFields::Refuse,
             "DeployPage",
             false},
    RouteRow{{kGet, "/faults/{public_key_or_era}"},
             Query::Faults,
             Effort::Many,
             kConsensusTag,
             "Faults of a validator, or of an era",
             "In the order in which they were stored.",
             kFaults,
             UnknownFields::Overlook,
             "Faults"},
    RouteRow{{kGet, "/signatures/{block_hash}"},
             Query::Signatures,
             Effort::Many,
             kConsensusTag,
             "The finality signatures of a block",
             "In the order in which they were stored.",
             kSignatures,
             UnknownFields::Overlook,
             "FinalitySignatures"},
    RouteRow{{kGet, "/step/{era}"},
             Query::Step,
             Effort::Few,
             kConsensusTag,
             "The execution effects at the end of an era",
             "May be tens of megabytes.",
             kStep,
             UnknownFields::Overlook,
             "Step",
             true,
             Caching::Immutable},
    RouteRow{{kGet, "/events"},
             Query::Events,
             Effort::Many,
             kSidecarTag,
             "Stored events by id",
             "Page by page; the last one's `next` is null. The ids are those of the event streams.",
             kEvents,
             UnknownFields::Refuse,
             "EventPage",
             false},
    RouteRow{{kGet, "/status"},
             Query::Status,
             Effort::Few,
             kSidecarTag,
             "What this sidecar holds",
             "Its version, the range of its ids, and how far behind the chain it is.",
             kNoParameters,
             UnknownFields::Overlook,
             "Status",
             false,
             Caching::None},
};

}  // namespace

std::span<const RouteRow> routes() {
    return kRoutes;
}

}  // namespace rest
