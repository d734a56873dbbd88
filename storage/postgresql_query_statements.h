#pragma once

#include "storage/event_finder.h"
#include "storage/postgresql.h"

namespace storage {

/// The statements of PostgresqlQueries.

// --- events: what they give has these columns ---

namespace found_columns {

enum Column : int {
    Id,
    Kind,
    ReceivedAt,
    Era,
    Height,
    Encoded,
    Payload,
    Large,
    LargeSize,
    First,
    Second,
    Ordinal,  ///< of kFetch, from 1 on
    Size      ///< likewise: of the payload as it is stored
};

/// What the listings look at. Height is of blocks only, the last three of deploys.
enum Row : int { RowId, RowHeight, RowKind, RowInstance, RowAccepted, RowProcessed, RowExpired };

}  // namespace found_columns

extern const PostgresqlStatement kFindNewestBlock;
extern const PostgresqlStatement kFindBlockAt;       ///< of a height
extern const PostgresqlStatement kFindByHash;        ///< of a kind, the hash
extern const PostgresqlStatement kFindDeploy;        ///< of a hash
extern const PostgresqlStatement kFindFaultsOf;      ///< of a public key
extern const PostgresqlStatement kFindFaultsIn;      ///< of an era's key
extern const PostgresqlStatement kFindSignaturesOf;  ///< of a block's hash

/// Events of these ids ($1), which belong to the entries of these numbers ($2), in this order, until their
/// stored payloads are so many bytes ($3) together; those of entry 0 in any case.
extern const PostgresqlStatement kFetch;

// --- listings: so many rows at most ---

/// Of the heights $1 to $2, behind height $3 and id $4; at most $5.
[[nodiscard]] const PostgresqlStatement& list_blocks(Order order);
/// From id $1 on, below $2; at most $3. Others may be among them.
[[nodiscard]] const PostgresqlStatement& list_events(const EventQuery& query);
/// Below id $1, at most $2; $3 is the block's hash, or the account, or the account is $4. Others may be among
/// them.
[[nodiscard]] const PostgresqlStatement& list_deploys(const DeployQuery& query);

}  // namespace storage
