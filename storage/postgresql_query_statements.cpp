#include "storage/postgresql_query_statements.h"

#include <array>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include "storage/query_plan.h"

namespace storage {

namespace {

constexpr std::string_view kColumns =
    "SELECT e.id, e.kind, e.received_at, e.era, e.height, e.encoding, e.payload, e.large_payload,"
    " (SELECT l.size FROM large_payload l WHERE l.number = e.large_payload),"
    " coalesce(e.key_first, (SELECT h.bytes FROM hash h WHERE h.number = e.block)),"
    " coalesce(e.key_second, (SELECT k.bytes FROM public_key k WHERE k.number = e.signer))";

std::string select(std::string_view condition) {
    return fmt::format("{} FROM event e WHERE {}", kColumns, condition);
}

constexpr std::string_view direction(Order order) {
    return order == Order::NewestFirst ? "DESC" : "ASC";
}

}  // namespace

// The indexes are partial: what they are limited to has to stand in the query.
const PostgresqlStatement kFindNewestBlock{
    "find_newest_block", select("e.id = (SELECT b.id FROM event b WHERE b.height IS NOT NULL"
                                " ORDER BY b.height DESC, b.id DESC LIMIT 1)")};
const PostgresqlStatement kFindBlockAt{"find_block_at",
                                       select("e.id = (SELECT b.id FROM event b WHERE b.height = $1"
                                              " ORDER BY b.height DESC, b.id DESC LIMIT 1)")};
const PostgresqlStatement kFindByHash{
    "find_by_hash", select("e.kind <> 6 AND e.kind = $1 AND e.key_first = $2 AND e.key_second = ''::bytea")};
const PostgresqlStatement kFindDeploy{
    "find_deploy",
    select("e.kind <> 6 AND e.kind IN (2, 3, 4) AND e.key_first = $1 AND e.key_second = ''::bytea")};
const PostgresqlStatement kFindFaultsOf{"find_faults_of", select("e.kind = 5 AND e.key_second = $1")};
const PostgresqlStatement kFindFaultsIn{"find_faults_in",
                                        select("e.kind <> 6 AND e.kind = 5 AND e.key_first = $1")};
const PostgresqlStatement kFindSignaturesOf{
    "find_signatures_of",
    select("e.kind = 6 AND e.block = (SELECT h.number FROM hash h WHERE h.bytes = $1)")};

const PostgresqlStatement kFetch{
    "fetch_found",
    fmt::format("{}, e.place, e.stored FROM (SELECT i.*, w.entry, w.place,"
                " coalesce(octet_length(i.payload), 0) AS stored,"
                " sum(coalesce(octet_length(i.payload), 0))"
                " OVER (ORDER BY w.place ROWS UNBOUNDED PRECEDING)"
                " - coalesce(octet_length(i.payload), 0) AS before"
                " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (id, entry, place)"
                " JOIN event i ON i.id = w.id) e"
                " WHERE e.before < $3 OR e.entry = 0 ORDER BY e.place",
                kColumns)};

namespace {

// --- listings ---
//
// That a column has one value is said as a range of (column, id): only the index on both gives that and the
// order. With an equality, PostgreSQL would also go through the primary key and pass over all that is
// between, where it guesses that there is little.

std::string rows_between(std::string_view column, std::string_view value, std::string_view from,
                         std::string_view to) {
    return fmt::format("(e.{0}, e.id) >= ({1}, {2}) AND (e.{0}, e.id) < ({1}, {3})", column, value, from, to);
}

/// event_rare is on kind as an int: event_key, which begins with kind, is not to be taken in its place.
std::string column_of(const IndexedRows& rows) {
    const std::string column = rows.column;
    return column == "kind" ? "kind::int" : column;
}

std::string block_sql(Order order) {
    return fmt::format(
        "SELECT e.id, e.height, e.kind, e.instance FROM event e WHERE e.height IS NOT NULL"
        " AND e.height >= $1 AND e.height <= $2 AND (e.height, e.id) {0} ($3, $4)"
        " ORDER BY e.height {1}, e.id {1} LIMIT $5",
        order == Order::NewestFirst ? "<" : ">", direction(order));
}

std::string event_sql(std::optional<base::Kind> kind, Order order) {
    constexpr std::string_view kSql =
        "SELECT e.id, NULL, e.kind, e.instance FROM event e WHERE {} AND {} ORDER BY {} LIMIT $3";
    const auto rows = rows_of(kind);
    const auto by_id = fmt::format("e.id {}", direction(order));
    if (rows.index == nullptr) return fmt::format(kSql, rows.limited_to, "e.id >= $1 AND e.id < $2", by_id);
    return fmt::format(kSql, rows.limited_to,
                       rows_between(column_of(rows), std::to_string(rows.value), "$1", "$2"),
                       fmt::format("e.{} {}, {}", column_of(rows), direction(order), by_id));
}

/// Of events of a kind.
struct EventStatements {
    explicit EventStatements(std::optional<base::Kind> kind)
        : name_down("list_down_" + number(kind)),
          name_up("list_up_" + number(kind)),
          down{name_down.c_str(), event_sql(kind, Order::NewestFirst)},
          up{name_up.c_str(), event_sql(kind, Order::OldestFirst)} {}
    EventStatements(const EventStatements&) = delete;
    EventStatements& operator=(const EventStatements&) = delete;

    static std::string number(std::optional<base::Kind> kind) {
        return kind ? std::to_string(static_cast<int>(*kind)) : "any";
    }

    const std::string name_down;
    const std::string name_up;
    const PostgresqlStatement down;
    const PostgresqlStatement up;
};

/// Events through which deploys are found, newest first.
std::string found_by(std::string_view limited_to, std::string_view column, std::string_view value) {
    return fmt::format(
        "(SELECT e.id, e.kind, e.key_first FROM event e WHERE {} AND {} ORDER BY e.{} DESC, e.id DESC LIMIT "
        "$2)",
        limited_to, rows_between(column, value, "0", "$1"), column);
}

std::string found_by(base::Kind kind) {
    const auto rows = rows_of(kind);
    return found_by(rows.limited_to, column_of(rows), std::to_string(rows.value));
}

/// The id of an event of the deploy of `c`.
std::string id_of(base::Kind kind) {
    return fmt::format(
        "CASE WHEN c.kind = {0} THEN c.id ELSE (SELECT n.id FROM event n WHERE n.kind <> 6 AND n.kind = {0}"
        " AND n.key_first = c.key_first AND n.key_second = ''::bytea LIMIT 1) END",
        static_cast<int>(kind));
}

std::string deploy_sql(std::string_view found) {
    return fmt::format(
        "SELECT c.id, NULL, c.kind, NULL, {}, {}, {} FROM"
        " (SELECT * FROM {} u ORDER BY u.id DESC LIMIT $2) c ORDER BY c.id DESC",
        id_of(base::Kind::DeployAccepted), id_of(base::Kind::DeployProcessed),
        id_of(base::Kind::DeployExpired), found);
}

/// Of a deploy that was processed it is not asked whether it expired, too: most are, and no listing of these
/// gives them.
std::string accepted_sql() {
    return fmt::format(
        "SELECT c.id, NULL, c.kind, NULL, c.id, c.processed, CASE WHEN c.processed IS NULL THEN {} END FROM"
        " (SELECT c.*, {} AS processed FROM {} c OFFSET 0) c ORDER BY c.id DESC",
        id_of(base::Kind::DeployExpired), id_of(base::Kind::DeployProcessed),
        found_by(base::Kind::DeployAccepted));
}

// A block has few events, an account may have very many: the account is said so that no index has it.
constexpr const char* kOfTheAccount = " AND (e.account = $4) IS TRUE";
constexpr const char* kOfABlock = "e.block IS NOT NULL AND e.kind <> 6";
constexpr const char* kBlock = "(SELECT h.number FROM hash h WHERE h.bytes = $3)";

const PostgresqlStatement kAllDeploys{
    "list_deploys", deploy_sql(fmt::format("({} UNION ALL {})", found_by(base::Kind::DeployAccepted),
                                           found_by(base::Kind::DeployProcessed)))};
const PostgresqlStatement kAccepted{"list_accepted", accepted_sql()};
const PostgresqlStatement kProcessed{"list_processed", deploy_sql(found_by(base::Kind::DeployProcessed))};
const PostgresqlStatement kExpired{"list_expired", deploy_sql(found_by(base::Kind::DeployExpired))};
const PostgresqlStatement kOfAccount{"list_of_account",
                                     deploy_sql(found_by("e.account IS NOT NULL", "account", "$3"))};
const PostgresqlStatement kOfBlock{"list_of_block", deploy_sql(found_by(kOfABlock, "block", kBlock))};
const PostgresqlStatement kOfBlockAndAccount{
    "list_of_block_and_account",
    deploy_sql(found_by(std::string(kOfABlock) + kOfTheAccount, "block", kBlock))};

}  // namespace

const PostgresqlStatement& list_blocks(Order order) {
    static const PostgresqlStatement kDown{"list_blocks_down", block_sql(Order::NewestFirst)};
    static const PostgresqlStatement kUp{"list_blocks_up", block_sql(Order::OldestFirst)};
    return order == Order::NewestFirst ? kDown : kUp;
}

const PostgresqlStatement& list_events(const EventQuery& query) {
    using base::Kind;
    static const EventStatements kAny(std::nullopt);
    static const std::array<EventStatements, base::kKinds.size()> kOfKind{
        EventStatements(Kind::ApiVersion),        EventStatements(Kind::BlockAdded),
        EventStatements(Kind::DeployAccepted),    EventStatements(Kind::DeployProcessed),
        EventStatements(Kind::DeployExpired),     EventStatements(Kind::Fault),
        EventStatements(Kind::FinalitySignature), EventStatements(Kind::Step),
        EventStatements(Kind::Shutdown)};
    const auto& statements = query.kind ? kOfKind[static_cast<std::size_t>(*query.kind)] : kAny;
    return query.order == Order::NewestFirst ? statements.down : statements.up;
}

const PostgresqlStatement& list_deploys(const DeployQuery& query) {
    switch (path_of(query)) {
        case DeployPath::All:
            return kAllDeploys;
        case DeployPath::Accepted:
            return kAccepted;
        case DeployPath::Processed:
            return kProcessed;
        case DeployPath::Expired:
            return kExpired;
        case DeployPath::Account:
            return kOfAccount;
        case DeployPath::Block:
            break;
    }
    return query.account ? kOfBlockAndAccount : kOfBlock;
}

}  // namespace storage
