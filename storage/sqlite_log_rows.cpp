#include "storage/sqlite_log_rows.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <sqlite3.h>
#include <thread>
#include <unordered_map>
#include <utility>

#include "storage/endpoint_condition.h"
#include "storage/event_rows.h"
#include "storage/lock_file.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"
#include "storage/sqlite_schema.h"

namespace storage {

namespace {

constexpr std::int64_t kPageRows = 128;
constexpr std::size_t kPageBytes = std::size_t{4} << 20U;
constexpr base::EventId kIdsOneByOne = 256;

constexpr std::string_view kColumns =
    "SELECT e.id, e.kind, e.source, e.large_payload, e.encoding, e.payload, e.chain_hash, e.block, e.signer, "
    "b.hash, p.bytes FROM event e LEFT JOIN block b ON b.number = e.block LEFT JOIN public_key p ON p.number "
    "= "
    "e.signer ";
enum Column : int { Id, Kind, Source, Large, Encoded, Payload, Chain, Block, Signer, BlockHash, SignerKey };

std::string select(std::string_view rest) {
    return std::string(kColumns) + std::string(rest);
}

std::optional<Digest> digest_or_none(Blob bytes) {
    Digest digest;
    if (bytes.size() != digest.size()) return std::nullopt;
    std::ranges::copy(bytes, digest.begin());
    return digest;
}

base::KeyBytes key_bytes(Blob bytes) {
    return {bytes.begin(), bytes.end()};
}

/// Of a place in the file, as against a failure of the whole.
bool is_damage(const SqliteFailure& failure) {
    return failure.primary_code() == SQLITE_CORRUPT || failure.primary_code() == SQLITE_IOERR;
}

/// As far as SQLite lets us in: also when the file is shorter than it says.
SqliteConnection open_damaged(const std::filesystem::path& file) {
    SqliteConnection connection(file, SqliteConnection::Mode::ReadOnly);
    connection.busy_timeout(1000);
    connection.execute(
        "PRAGMA writable_schema = ON; PRAGMA cell_size_check = ON; PRAGMA query_only = ON; PRAGMA cache_size "
        "= "
        "-8192; PRAGMA temp_store = MEMORY");
    return connection;
}

/// The keys of all events but signatures, by id: for where the index that finds them fails.
class KeysById {
  public:
    struct Key {
        std::int64_t kind = 0;
        base::KeyBytes first;
        std::int64_t second = 0;
    };

    explicit KeysById(const SqliteConnection& connection) {
        // From both ends: a damaged place in the middle costs what lies there.
        for (const std::string order : {"", " ORDER BY kind DESC, first DESC, second DESC"}) {
            if (read(connection, order)) return;
        }
    }

    [[nodiscard]] const Key* find(base::EventId id) const {
        const auto found = keys_.find(id);
        return found == keys_.end() ? nullptr : &found->second;
    }

  private:
    bool read(const SqliteConnection& connection, const std::string& order) {
        try {
            auto statement =
                connection.prepare("SELECT kind, first, second, id FROM event_key NOT INDEXED" + order);
            auto rows = statement.query();
            while (rows.next()) {
                keys_.insert_or_assign(static_cast<base::EventId>(rows.integer(3)),
                                       Key{rows.integer(0), key_bytes(rows.blob(1)), rows.integer(2)});
            }
            return true;
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            return false;
        }
    }

    std::unordered_map<base::EventId, Key> keys_;
};

}  // namespace

class SqliteLogRows::Impl {
  public:
    Impl(std::filesystem::path file, Use use)
        : file_(std::move(file)),
          use_(use),
          connection_(open_damaged(file_)),
          head_(connection_.prepare("SELECT oldest_id, next_id, chain_hash FROM log")),
          many_(connection_.prepare(select("WHERE e.id >= ?1 ORDER BY e.id LIMIT ?2"))),
          one_(connection_.prepare(select("WHERE e.id = ?1"))),
          newest_(connection_.prepare("SELECT id FROM event ORDER BY id DESC LIMIT 1")),
          runs_(connection_.prepare(
              "SELECT first_id, last_id, end_hash FROM pruned_run WHERE first_id >= "
              "coalesce((SELECT max(first_id) FROM pruned_run WHERE first_id <= ?1), 0) AND "
              "first_id < ?2 ORDER BY first_id")),
          find_key_(
              connection_.prepare("SELECT first, second FROM event_key INDEXED BY event_key_id WHERE id = "
                                  "?1 AND kind = ?2")),
          find_bytes_(connection_.prepare("SELECT bytes FROM public_key WHERE number = ?1")),
          find_signature_(
              connection_.prepare("SELECT id FROM signature_key WHERE block = ?1 AND signer = ?2")),
          large_(connection_.prepare("SELECT size, encoding FROM large_payload WHERE number = ?1")),
          parts_(connection_.prepare("SELECT bytes FROM payload_part WHERE payload = ?1 ORDER BY seq")),
          by_source_(
              connection_.prepare("SELECT count(*) FROM event INDEXED BY event_source WHERE source <> 2 "
                                  "AND source = ?1 AND id >= ?2 AND id < ?3")) {}

    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

    base::EventId first_id() {
        const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
        std::vector<base::EventId> firsts;
        for (const auto* sql : {"SELECT min(id) FROM event", "SELECT min(first_id) FROM pruned_run",
                                "SELECT oldest_id FROM log"}) {
            try {
                if (const auto first = connection_.integer(sql); first > 0)
                    firsts.push_back(static_cast<base::EventId>(first));
            } catch (const SqliteFailure& failure) {
                if (!is_damage(failure)) throw;
            }
        }
        return firsts.empty() ? 1 : *std::ranges::min_element(firsts);
    }

    std::optional<LogRun> before(base::EventId id) {
        const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
        std::optional<LogRun> nearest;
        for (const auto* sql :
             {"SELECT id, id, chain_hash FROM event WHERE id < ?1 ORDER BY id DESC LIMIT 1",
              "SELECT first_id, last_id, end_hash FROM pruned_run WHERE first_id < ?1 AND last_id "
              "< ?1 ORDER BY first_id DESC LIMIT 1"}) {
            try {
                auto statement = connection_.prepare(sql);
                auto rows = statement.query(id);
                if (!rows.next()) continue;
                const auto last = static_cast<base::EventId>(rows.integer(1));
                const auto chain = digest_or_none(rows.blob(2));
                if (chain && (!nearest || nearest->last < last))
                    nearest = LogRun{static_cast<base::EventId>(rows.integer(0)), last, *chain};
            } catch (const SqliteFailure& failure) {
                if (!is_damage(failure)) throw;
            }
        }
        return nearest;
    }

    /// As long as a sidecar works on the file, half of the time no transaction is open: it begins its
    /// write-ahead log anew only in a moment when nobody reads it, and its appends wait for that moment.
    RowPage read(base::EventId from) {
        const auto begun = std::chrono::steady_clock::now();
        auto page = read_page(from);
        if (use_ == Use::Beside && LockFile::is_held(file_.string() + ".lock"))
            std::this_thread::sleep_for(std::chrono::steady_clock::now() - begun);
        return page;
    }

    RowPage read_page(base::EventId from) {
        const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
        RowPage page;
        page.next = from;
        page.end = head();
        if (!read_many(page, from)) read_one_by_one(page, from);
        add_runs(page, from);
        compare_index(page, from);
        return page;
    }

    Surroundings check_surroundings(const std::function<bool()>& stop) {
        Surroundings found;
        check_dictionary(found);
        if (use_ == Use::Beside && LockFile::is_held(file_.string() + ".lock")) {
            found.notes.emplace_back(
                "a sidecar works on the file, so its structure as a whole was not checked: that is done when "
                "none does, or on a copy that `backup` made");
            return found;
        }
        check_structure(found, stop);
        return found;
    }

  private:
    std::optional<LogEnd> head() {
        try {
            auto rows = head_.query();
            if (!rows.next()) return std::nullopt;
            const auto chain = digest_or_none(rows.blob(2));
            if (!chain) return std::nullopt;
            return LogEnd{
                {static_cast<base::EventId>(rows.integer(0)), static_cast<base::EventId>(rows.integer(1))},
                *chain};
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            return std::nullopt;
        }
    }

    /// False: already the first one cannot be read.
    bool read_many(RowPage& page, base::EventId from) {
        std::size_t bytes = 0;
        std::int64_t count = 0;
        try {
            auto rows = many_.query(from, kPageRows);
            while (bytes < kPageBytes && rows.next()) {
                auto row = to_row(rows);
                bytes += bytes_;
                ++count;
                // In the file they are in order: the one that is not has an id that is not its own.
                while (!page.rows.empty() && page.rows.back().id >= row.id) page.rows.pop_back();
                page.rows.push_back(std::move(row));
            }
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            if (page.rows.empty()) return false;
            page.next = page.rows.back().id + 1;
            return true;
        }
        page.last = count < kPageRows && bytes < kPageBytes;
        if (!page.rows.empty()) page.next = page.rows.back().id + 1;
        if (page.last) {
            if (page.end) page.next = std::max(page.next, page.end->range.next);
        } else if (page.rows.size() > 1) {
            // Read again with what follows it, which shows whether its id is right.
            page.next = page.rows.back().id;
            page.rows.pop_back();
        }
        return true;
    }

    void read_one_by_one(RowPage& page, base::EventId from) {
        const auto end = last_id(page, from);
        page.next = std::min(from + kIdsOneByOne, end);
        page.last = page.next >= end;
        for (auto id = from; id < page.next; ++id) {
            try {
                auto rows = one_.query(id);
                if (rows.next()) page.rows.push_back(to_row(rows));
            } catch (const SqliteFailure& failure) {
                if (!is_damage(failure)) throw;
                LogRow row;
                row.id = id;
                row.unreadable = true;
                row.fault = std::string("SQLite cannot read it: ") + failure.what();
                page.rows.push_back(std::move(row));
            }
        }
    }

    /// How far there is anything to look for.
    base::EventId last_id(const RowPage& page, base::EventId from) {
        constexpr base::EventId kFarthest = 100'000'000;
        base::EventId end = page.end ? std::min(page.end->range.next, from + kFarthest) : from + 1;
        try {
            end = std::max(end, static_cast<base::EventId>(newest_.integer().value_or(0)) + 1);
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
        }
        return std::max(end, from + 1);
    }

    LogRow to_row(const SqliteStatement::Rows& rows) {
        LogRow row;
        bytes_ = 0;
        row.id = static_cast<base::EventId>(rows.integer(Column::Id));
        row.chain = digest_or_none(rows.blob(Column::Chain));
        const auto kind = rows.integer(Column::Kind);
        const auto source = rows.integer(Column::Source);
        if (kind <= 0 || kind >= static_cast<std::int64_t>(base::kKinds.size())) {
            row.fault = "it is of an unknown kind";
            return row;
        }
        row.kind = static_cast<base::Kind>(kind);
        const bool right_source =
            row.kind == base::Kind::Shutdown
                ? source >= 0 && source <= static_cast<std::int64_t>(base::Filter::Sidecar)
                : source == static_cast<std::int64_t>(base::row_of(row.kind).filter);
        if (!right_source) {
            row.fault = "it is of another endpoint than its kind";
            return row;
        }
        row.source = static_cast<base::Filter>(source);
        try {
            read_key(row, rows);
            if (row.fault.empty()) row.payload = payload_digest(row, rows);
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            row.fault = std::string("SQLite cannot read all of it: ") + failure.what();
        }
        return row;
    }

    void read_key(LogRow& row, const SqliteStatement::Rows& rows) {
        if (row.kind == base::Kind::FinalitySignature) return read_signature_key(row, rows);
        std::optional<std::int64_t> second;
        try {
            auto keys = find_key_.query(row.id, static_cast<int>(row.kind));
            if (keys.next()) {
                row.key.first = key_bytes(keys.blob(0));
                second = keys.integer(1);
            }
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
        }
        if (!second) second = find_key_without_index(row);
        if (!second) {
            row.fault = "its natural key is missing";
        } else if (*second != 0) {
            auto bytes = find_bytes_.query(*second);
            if (bytes.next()) {
                row.key.second = key_bytes(bytes.blob(0));
            } else {
                row.fault = "its public key is missing";
            }
        }
    }

    std::optional<std::int64_t> find_key_without_index(LogRow& row) {
        if (!keys_) keys_ = std::make_unique<KeysById>(connection_);
        const auto* key = keys_->find(row.id);
        if (key == nullptr || key->kind != static_cast<std::int64_t>(row.kind)) return std::nullopt;
        row.key.first = key->first;
        index_faults_.push_back(
            {Damage::Kind::Index, row.id, row.id, "the index event_key_id does not find it"});
        return key->second;
    }

    void read_signature_key(LogRow& row, const SqliteStatement::Rows& rows) {
        if (rows.is_null(Column::BlockHash) || rows.is_null(Column::SignerKey)) {
            row.fault = "its block or signer is missing";
            return;
        }
        row.key = {key_bytes(rows.blob(Column::BlockHash)), key_bytes(rows.blob(Column::SignerKey))};
        std::optional<std::int64_t> id;
        try {
            id = find_signature_.integer(rows.integer(Column::Block), rows.integer(Column::Signer));
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
        }
        if (id != static_cast<std::int64_t>(row.id)) {
            index_faults_.push_back(
                {Damage::Kind::Index, row.id, row.id, "the table signature_key does not have it"});
        }
    }

    std::optional<Digest> payload_digest(LogRow& row, const SqliteStatement::Rows& rows) {
        std::string parts;
        auto encoding = rows.integer(Column::Encoded);
        std::string_view stored = rows.text(Column::Payload);
        std::optional<std::int64_t> size;
        RowKeys keys{rows.blob(Column::BlockHash), rows.blob(Column::SignerKey)};
        if (!rows.is_null(Column::Large)) {
            keys = {};
            auto header = large_.query(rows.integer(Column::Large));
            if (!header.next()) {
                row.fault = "its payload is missing";
                return std::nullopt;
            }
            size = header.integer(0);
            encoding = header.integer(1);
            auto all = parts_.query(rows.integer(Column::Large));
            while (all.next()) parts += all.text(0);
            stored = parts;
        }
        bytes_ = stored.size();
        const auto payload = codec_.decode(static_cast<Encoding>(encoding), stored, keys);
        if (!payload || (size && static_cast<std::int64_t>(payload->size()) != *size)) {
            row.fault = payload ? "its payload is not complete" : payload.error().message;
            return std::nullopt;
        }
        return sha256_.of(*payload);
    }

    void add_runs(RowPage& page, base::EventId from) {
        try {
            auto rows = runs_.query(from, page.next);
            while (rows.next()) {
                const auto end = digest_or_none(rows.blob(2));
                LogRun run{static_cast<base::EventId>(rows.integer(0)),
                           static_cast<base::EventId>(rows.integer(1)), end.value_or(Digest{})};
                if (run.last < from) continue;
                page.next = std::max(page.next, run.last + 1);
                page.runs.push_back(run);
            }
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            page.damages.push_back({Damage::Kind::File, 0, 0,
                                    std::string("the table pruned_run cannot be read: ") + failure.what()});
        }
    }

    /// Replays of endpoints without signatures find their events by it alone.
    void compare_index(RowPage& page, base::EventId from) {
        for (auto& fault : index_faults_) page.damages.push_back(std::move(fault));
        index_faults_.clear();
        constexpr std::array kSources{base::Filter::Main, base::Filter::Deploys, base::Filter::Sidecar};
        if (std::ranges::any_of(page.rows, [](const LogRow& row) { return !row.fault.empty(); })) return;
        const auto end = page.rows.empty() ? from : page.rows.back().id + 1;
        std::string what;
        try {
            for (const auto source : kSources) {
                const auto found = by_source_.integer(static_cast<int>(source), from, end).value_or(0);
                if (found != std::ranges::count(page.rows, source, &LogRow::source))
                    what = "the index event_source does not have all of them";
            }
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            what = std::string("the index event_source cannot be read: ") + failure.what();
        }
        if (!what.empty()) page.damages.push_back({Damage::Kind::Index, from, end - 1, what});
    }

    void check_dictionary(Surroundings& found) {
        std::string what;
        try {
            auto statement = connection_.prepare("SELECT bytes FROM dictionary WHERE encoding = ?1");
            auto rows = statement.query(static_cast<int>(Encoding::Packed));
            if (!rows.next()) {
                what = "is missing";
            } else if (rows.text(0) != packing_dictionary()) {
                what = "is not the one that payloads were packed with";
            }
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            what = std::string("cannot be read: ") + failure.what();
        }
        if (what.empty()) return;
        found.damages.push_back(
            {Damage::Kind::Dictionary, 0, 0,
             "the copy in the database " + what + "; no event is lost by it, as this program has its own"});
    }

    void check_structure(Surroundings& found, const std::function<bool()>& stop) {
        // Asked every some thousand steps of SQLite's machine.
        constexpr int kSteps = 10'000;
        auto ask = [](void* context) -> int {
            return (*static_cast<const std::function<bool()>*>(context))() ? 1 : 0;
        };
        sqlite3_progress_handler(connection_.handle(), kSteps, ask,
                                 const_cast<std::function<bool()>*>(&stop));
        try {
            auto statement = connection_.prepare("PRAGMA integrity_check(20)");
            auto rows = statement.query();
            while (rows.next()) {
                std::string line(rows.text(0));
                if (line == "ok") continue;
                std::ranges::replace(line, '\n', ' ');
                found.damages.push_back({Damage::Kind::File, 0, 0, line});
            }
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure) && failure.primary_code() != SQLITE_INTERRUPT) {
                sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr);
                throw;
            }
            if (is_damage(failure)) found.damages.push_back({Damage::Kind::File, 0, 0, failure.what()});
        }
        sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr);
    }

    const std::filesystem::path file_;
    const Use use_;
    SqliteConnection connection_;
    PayloadCodec codec_;
    Sha256 sha256_;
    std::size_t bytes_ = 0;  // stored, of the row read last
    std::vector<Damage> index_faults_;
    std::unique_ptr<KeysById> keys_;

    SqliteStatement head_;
    SqliteStatement many_;
    SqliteStatement one_;
    SqliteStatement newest_;
    SqliteStatement runs_;
    SqliteStatement find_key_;
    SqliteStatement find_bytes_;
    SqliteStatement find_signature_;
    SqliteStatement large_;
    SqliteStatement parts_;
    SqliteStatement by_source_;
};

base::Result<std::unique_ptr<SqliteLogRows>> SqliteLogRows::open(const std::filesystem::path& file, Use use) {
    const auto inspected = inspect_database_file(file);
    if (!inspected) return inspected.error();
    if (*inspected == DatabaseFile::New) return no_log_in(file);
    try {
        if (const auto checked = check_schema(file); !checked) return checked.error();
        return std::unique_ptr<SqliteLogRows>(new SqliteLogRows(std::make_unique<Impl>(file, use)));
    } catch (const SqliteFailure& failure) {
        return to_opening_error(failure, file);
    }
}

std::unique_ptr<SqliteLogRows> SqliteLogRows::of_open_log(const std::filesystem::path& file) {
    return std::unique_ptr<SqliteLogRows>(new SqliteLogRows(std::make_unique<Impl>(file, Use::Beside)));
}

SqliteLogRows::SqliteLogRows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteLogRows::~SqliteLogRows() = default;

namespace {

template <class Call>
auto guarded(const std::filesystem::path& file, Call&& call) -> base::Result<decltype(call())> {
    try {
        return call();
    } catch (const SqliteFailure& failure) {
        return to_error(failure, file);
    }
}

}  // namespace

base::Result<base::EventId> SqliteLogRows::first_id() {
    return guarded(impl_->file(), [&] { return impl_->first_id(); });
}

base::Result<std::optional<LogRun>> SqliteLogRows::before(base::EventId id) {
    return guarded(impl_->file(), [&] { return impl_->before(id); });
}

base::Result<RowPage> SqliteLogRows::read(base::EventId from) {
    return guarded(impl_->file(), [&] { return impl_->read(from); });
}

base::Result<LogRows::Surroundings> SqliteLogRows::check_surroundings(const std::function<bool()>& stop) {
    return guarded(impl_->file(), [&] { return impl_->check_surroundings(stop); });
}

}  // namespace storage
