#include "storage/postgresql_log_rows.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <utility>

#include "storage/payload_codec.h"
#include "storage/postgresql.h"
#include "storage/postgresql_schema.h"

namespace storage {

namespace {

constexpr std::chrono::seconds kVerifyPatience{25};
constexpr int kPageRows = 512;
constexpr int kRowsOneByOne = 64;

// The rows until their stored payloads are 4 MB together; the first whatever its size.
const PostgresqlStatement kRows{
    "verify_rows",
    "SELECT p.id, p.kind, p.source, p.large_payload, p.encoding, p.payload, p.chain_hash, "
    "coalesce(p.key_first, (SELECT h.bytes FROM hash h WHERE h.number = p.block)), "
    "coalesce(p.key_second, (SELECT k.bytes FROM public_key k WHERE k.number = p.signer)) "
    "FROM (SELECT f.*, sum(f.size) OVER (ORDER BY f.id ROWS UNBOUNDED PRECEDING) - f.size AS before "
    "FROM (SELECT e.*, coalesce(octet_length(e.payload), 0) AS size FROM event e WHERE e.id >= $1 ORDER BY "
    "e.id "
    "LIMIT $2) f) p WHERE p.before < 4194304 ORDER BY p.id"};
enum Column : int { Id, Kind, Source, Large, Encoded, Payload, Chain, First, Second };

const PostgresqlStatement kHead{"verify_head", "SELECT oldest_id, next_id, chain_hash FROM log"};
const PostgresqlStatement kFirst{
    "verify_first",
    "SELECT coalesce((SELECT e.id FROM event e ORDER BY e.id LIMIT 1), oldest_id), "
    "oldest_id FROM log"};
const PostgresqlStatement kEventBefore{
    "verify_event_before", "SELECT id, id, chain_hash FROM event WHERE id < $1 ORDER BY id DESC LIMIT 1"};
const PostgresqlStatement kDictionary{"verify_dictionary", "SELECT bytes FROM dictionary WHERE number = $1"};
const PostgresqlStatement kLarge{"verify_large",
                                 "SELECT size, encoding FROM large_payload WHERE number = $1"};
const PostgresqlStatement kParts{
    "verify_parts", "SELECT bytes FROM payload_part WHERE payload = $1 AND seq >= $2 ORDER BY seq LIMIT $3"};
constexpr int kPartsAtOnce = 16;

const PostgresqlStatement kRuns{
    "verify_runs",
    "SELECT first_id, last_id, end_hash FROM pruned_run WHERE first_id >= coalesce((SELECT first_id FROM "
    "pruned_run WHERE first_id <= $1 ORDER BY first_id DESC LIMIT 1), 0) AND first_id < $2 ORDER BY "
    "first_id"};
const PostgresqlStatement kFirstRun{"verify_first_run",
                                    "SELECT first_id FROM pruned_run ORDER BY first_id LIMIT 1"};
const PostgresqlStatement kRunBefore{"verify_run_before",
                                     "SELECT first_id, last_id, end_hash FROM pruned_run WHERE first_id < $1 "
                                     "AND last_id < $1 ORDER BY first_id "
                                     "DESC LIMIT 1"};

std::optional<Digest> digest_or_none(const pqxx::field& field) {
    Digest digest;
    if (field.is_null()) return std::nullopt;
    const auto bytes = to_bytes(field);
    if (bytes.size() != digest.size()) return std::nullopt;
    std::ranges::transform(bytes, digest.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    return digest;
}

base::KeyBytes key_bytes(const pqxx::field& field) {
    const auto bytes = to_bytes(field);
    return {bytes.begin(), bytes.end()};
}

class PostgresqlLogRows final : public LogRows {
  public:
    explicit PostgresqlLogRows(const PostgresqlOptions& options)
        : options_(options), deadlines_(kVerifyPatience), connection_(options_, deadlines_) {}

    [[nodiscard]] base::Result<void> check() { return check_schema(connection_, options_); }

    base::Result<base::EventId> first_id() override {
        return guarded([&] { return first(); });
    }
    base::Result<std::optional<LogRun>> before(base::EventId id) override {
        return guarded([&] { return nearest_before(id); });
    }
    base::Result<RowPage> read(base::EventId from) override {
        return guarded([&] { return read_what_can_be(from); });
    }
    base::Result<Surroundings> check_surroundings(const std::function<bool()>& /*stop*/) override {
        return guarded([&] { return check_dictionary(); });
    }

  private:
    base::EventId first() {
        const auto rows = connection_.execute(kFirst);
        if (rows.empty()) return 1;
        auto first = std::min(rows[0][0].as<base::EventId>(),
                              std::max<base::EventId>(rows[0][1].as<base::EventId>(), 1));
        const auto runs = connection_.execute(kFirstRun);
        return runs.empty() ? first : std::min(first, runs[0][0].as<base::EventId>());
    }

    std::optional<LogRun> nearest_before(base::EventId id) {
        std::optional<LogRun> nearest;
        const auto look = [&](const PostgresqlStatement& statement) {
            const auto rows = connection_.execute(statement, id);
            if (rows.empty()) return;
            const auto last = rows[0][1].as<base::EventId>();
            const auto chain = digest_or_none(rows[0][2]);
            if (chain && (!nearest || nearest->last < last))
                nearest = LogRun{rows[0][0].as<base::EventId>(), last, *chain};
        };
        look(kEventBefore);
        look(kRunBefore);
        return nearest;
    }

    RowPage read_what_can_be(base::EventId from) {
        try {
            return read_page(from, kPageRows);
        } catch (const PostgresqlFailure& failure) {
            if (failure.category() != base::Error::Category::Corrupt) throw;
        }
        return read_one_by_one(from);
    }

    Surroundings check_dictionary() {
        constexpr int kFirstDictionary = 1;
        Surroundings found;
        const auto rows = connection_.execute(kDictionary, kFirstDictionary);
        std::string what;
        if (rows.empty()) {
            what = "is missing";
        } else if (to_bytes(rows[0][0]) != packing_dictionary()) {
            what = "is not the one that payloads were packed with";
        }
        if (what.empty()) return found;
        found.damages.push_back(
            {Damage::Kind::Dictionary, 0, 0,
             "the copy in the database " + what + "; no event is lost by it, as this program has its own"});
        return found;
    }

    template <class Call>
    auto guarded(Call&& call) -> base::Result<decltype(call())> {
        try {
            return call();
        } catch (const PostgresqlFailure& failure) {
            return to_error(failure, options_);
        }
    }

    /// In one snapshot.
    RowPage read_page(base::EventId from, int most) {
        PostgresqlTransaction transaction(connection_);
        connection_.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        RowPage page;
        page.next = from;
        page.end = head();
        const auto rows = connection_.execute(kRows, from, most);
        for (const auto& row : rows) page.rows.push_back(to_row(row));
        if (!page.rows.empty()) page.next = page.rows.back().id + 1;
        page.last = rows.empty();
        if (page.last && page.end) page.next = std::max(page.next, page.end->range.next);
        add_runs(page, from);
        transaction.commit();
        return page;
    }

    RowPage read_one_by_one(base::EventId from) {
        RowPage page;
        page.next = from;
        page.end = head();
        for (int i = 0; i < kRowsOneByOne && !page.last; ++i) {
            try {
                auto one = read_page(page.next, 1);
                page.last = one.last;
                page.next = one.next;
                std::ranges::move(one.rows, std::back_inserter(page.rows));
                std::ranges::move(one.runs, std::back_inserter(page.runs));
            } catch (const PostgresqlFailure& failure) {
                if (failure.category() != base::Error::Category::Corrupt) throw;
                LogRow row;
                row.id = page.next++;
                row.unreadable = true;
                row.fault = std::string("PostgreSQL cannot read it: ") + failure.what();
                page.rows.push_back(std::move(row));
                page.last = page.end && page.next >= page.end->range.next;
            }
        }
        return page;
    }

    std::optional<LogEnd> head() {
        const auto rows = connection_.execute(kHead);
        if (rows.size() != 1) return std::nullopt;
        const auto chain = digest_or_none(rows[0][2]);
        if (!chain) return std::nullopt;
        return LogEnd{{rows[0][0].as<base::EventId>(), rows[0][1].as<base::EventId>()}, *chain};
    }

    void add_runs(RowPage& page, base::EventId from) {
        for (const auto& row : connection_.execute(kRuns, from, page.next)) {
            const LogRun run{row[0].as<base::EventId>(), row[1].as<base::EventId>(),
                             digest_or_none(row[2]).value_or(Digest{})};
            if (run.last < from) continue;
            page.next = std::max(page.next, run.last + 1);
            page.runs.push_back(run);
        }
    }

    LogRow to_row(const pqxx::row& fields) {
        LogRow row;
        row.id = fields[Column::Id].as<base::EventId>();
        row.chain = digest_or_none(fields[Column::Chain]);
        const auto kind = fields[Column::Kind].as<int>();
        const auto source = fields[Column::Source].as<int>();
        if (kind <= 0 || kind >= static_cast<int>(base::kKinds.size())) {
            row.fault = "it is of an unknown kind";
            return row;
        }
        row.kind = static_cast<base::Kind>(kind);
        const bool right_source = row.kind == base::Kind::Shutdown
                                      ? source >= 0 && source <= static_cast<int>(base::Filter::Sidecar)
                                      : source == static_cast<int>(base::row_of(row.kind).filter);
        if (!right_source) {
            row.fault = "it is of another endpoint than its kind";
        } else if (fields[Column::First].is_null() || fields[Column::Second].is_null()) {
            row.fault = "its natural key is missing";
        } else {
            row.key = {key_bytes(fields[Column::First]), key_bytes(fields[Column::Second])};
            row.payload = payload_digest(row, fields);
        }
        return row;
    }

    std::optional<Digest> payload_digest(LogRow& row, const pqxx::row& fields) {
        std::string stored;
        auto encoding = fields[Column::Encoded].as<int>();
        std::optional<std::size_t> size;
        if (!fields[Column::Large].is_null()) {
            const auto number = fields[Column::Large].as<std::int64_t>();
            const auto header = connection_.execute(kLarge, number);
            if (header.empty()) {
                row.fault = "its payload is missing";
                return std::nullopt;
            }
            size = header[0][0].as<std::size_t>();
            encoding = header[0][1].as<int>();
            for (int seq = 0;; seq += kPartsAtOnce) {
                const auto parts = connection_.execute(kParts, number, seq, kPartsAtOnce);
                for (const auto& part : parts) stored += to_bytes(part[0]);
                if (parts.size() < kPartsAtOnce) break;
            }
        } else if (fields[Column::Payload].is_null()) {
            row.fault = "its payload is missing";
            return std::nullopt;
        } else {
            stored = to_bytes(fields[Column::Payload]);
        }
        const bool large = size.has_value();
        const auto payload = codec_.decode(static_cast<Encoding>(encoding), stored,
                                           large ? RowKeys{} : RowKeys{row.key.first, row.key.second});
        if (!payload || (size && payload->size() != *size)) {
            row.fault = payload ? "its payload is not complete" : payload.error().message;
            return std::nullopt;
        }
        return sha256_.of(*payload);
    }

    const PostgresqlOptions options_;
    Deadlines deadlines_;
    PostgresqlConnection connection_;
    PayloadCodec codec_;
    Sha256 sha256_;
};

}  // namespace

base::Result<std::unique_ptr<LogRows>> open_postgresql_log_rows(const PostgresqlOptions& options) {
    try {
        auto rows = std::make_unique<PostgresqlLogRows>(options);
        if (const auto checked = rows->check(); !checked) return checked.error();
        return std::unique_ptr<LogRows>(std::move(rows));
    } catch (const PostgresqlFailure& failure) {
        return to_error(failure, options);
    }
}

}  // namespace storage
