#include "storage/sqlite_log_rows.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <sqlite3.h>
#include <thread>
#include <utility>

#include "storage/lock_file.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"
#include "storage/sqlite_row_content.h"
#include "storage/sqlite_schema.h"

namespace storage {

namespace {

constexpr std::int64_t kPageRows = 128;
constexpr std::size_t kPageBytes = std::size_t{4} << 20U;
constexpr base::EventId kIdsOneByOne = 256;

/// As far as SQLite lets us in: also when the file is shorter than it says.
SqliteConnection open_damaged(const std::filesystem::path& file) {
    SqliteConnection connection(file, SqliteConnection::Mode::ReadOnly);
    connection.busy_timeout(1000);
    connection.execute(
        "PRAGMA writable_schema = ON; PRAGMA cell_size_check = ON; PRAGMA query_only = ON; "
        "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY");
    return connection;
}

class SqliteLogRows final : public LogRows {
  public:
    SqliteLogRows(std::filesystem::path file, LogRowsUse use)
        : file_(std::move(file)),
          use_(use),
          connection_(open_damaged(file_)),
          content_(connection_),
          head_(connection_.prepare("SELECT oldest_id, next_id, chain_hash FROM log")),
          many_(connection_.prepare(SqliteRowContent::select("WHERE e.id >= ?1 ORDER BY e.id LIMIT ?2"))),
          one_(connection_.prepare(SqliteRowContent::select("WHERE e.id = ?1"))),
          newest_(connection_.prepare("SELECT id FROM event ORDER BY id DESC LIMIT 1")),
          runs_(connection_.prepare(
              "SELECT first_id, last_id, end_hash FROM pruned_run WHERE first_id >= "
              "coalesce((SELECT max(first_id) FROM pruned_run WHERE first_id <= ?1), 0) AND "
              "first_id < ?2 ORDER BY first_id")),
          by_source_(
              connection_.prepare("SELECT count(*) FROM event INDEXED BY event_source WHERE source <> 2 "
                                  "AND source = ?1 AND id >= ?2 AND id < ?3")) {}

    base::Result<base::EventId> first_id() override {
        return guarded([&] { return first(); });
    }
    base::Result<std::optional<LogRun>> before(base::EventId id) override {
        return guarded([&] { return nearest_before(id); });
    }
    base::Result<RowPage> read(base::EventId from) override {
        return guarded([&] { return read_and_rest(from); });
    }
    base::Result<Surroundings> check_surroundings(const std::function<bool()>& stop) override {
        return guarded([&] { return look_around(stop); });
    }

  private:
    template <class Call>
    auto guarded(Call&& call) -> base::Result<decltype(call())> {
        try {
            return call();
        } catch (const SqliteFailure& failure) {
            return to_error(failure, file_);
        }
    }

    base::EventId first() {
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

    std::optional<LogRun> nearest_before(base::EventId id) {
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
    RowPage read_and_rest(base::EventId from) {
        const auto begun = std::chrono::steady_clock::now();
        auto page = read_page(from);
        if (use_ == LogRowsUse::Beside && LockFile::is_held(file_.string() + ".lock"))
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

    Surroundings look_around(const std::function<bool()>& stop) {
        Surroundings found;
        check_dictionary(found);
        if (use_ == LogRowsUse::Beside && LockFile::is_held(file_.string() + ".lock")) {
            found.notes.emplace_back(
                "a sidecar works on the file, so its structure as a whole was not checked: that is done when "
                "none does, or on a copy that `backup` made");
            return found;
        }
        check_structure(found, stop);
        return found;
    }

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
                auto row = content_.read(rows);
                bytes += content_.bytes();
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
                if (rows.next()) page.rows.push_back(content_.read(rows));
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
        for (auto& fault : content_.take_index_faults()) page.damages.push_back(std::move(fault));
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
    const LogRowsUse use_;
    SqliteConnection connection_;
    SqliteRowContent content_;

    SqliteStatement head_;
    SqliteStatement many_;
    SqliteStatement one_;
    SqliteStatement newest_;
    SqliteStatement runs_;
    SqliteStatement by_source_;
};

}  // namespace

base::Result<std::unique_ptr<LogRows>> open_sqlite_log_rows(const std::filesystem::path& file,
                                                            LogRowsUse use) {
    const auto inspected = inspect_database_file(file);
    if (!inspected) return inspected.error();
    if (*inspected == DatabaseFile::New) return no_log_in(file);
    try {
        if (const auto checked = check_schema(file); !checked) return checked.error();
        return std::unique_ptr<LogRows>(std::make_unique<SqliteLogRows>(file, use));
    } catch (const SqliteFailure& failure) {
        return to_opening_error(failure, file);
    }
}

std::unique_ptr<LogRows> rows_of_open_sqlite_log(const std::filesystem::path& file) {
    return std::make_unique<SqliteLogRows>(file, LogRowsUse::Beside);
}

}  // namespace storage
