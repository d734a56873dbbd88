#include "storage/sqlite_salvage.h"

#include <algorithm>
#include <sqlite3.h>
#include <string_view>
#include <utility>

#include "storage/event_keys.h"
#include "storage/sqlite.h"
#include "storage/sqlite_schema.h"

namespace storage {

namespace {

// Where the head cannot be read, more ids may have been given than events are found.
constexpr base::EventId kIdsPassedOver = 1'000'000;

/// Of sorted runs: neighbours become one.
std::vector<LogRun> merged(std::vector<LogRun> runs) {
    std::ranges::sort(runs, {}, &LogRun::first);
    std::vector<LogRun> all;
    for (const auto& run : runs) {
        if (all.empty() || all.back().last + 1 < run.first) {
            all.push_back(run);
        } else if (all.back().last < run.last) {
            all.back().last = run.last;
            all.back().end = run.end;
        }
    }
    return all;
}

class Salvage {
  public:
    Salvage(const std::filesystem::path& damaged, LogRows& rows, const Verification& found,
            const std::filesystem::path& copy)
        : rows_(rows), found_(found), connection_(copy, SqliteConnection::Mode::Salvage) {
        if (const auto made = prepare_schema(connection_, copy); !made)
            throw SqliteFailure(SQLITE_CANTOPEN, made.error().message);
        // The copy is durable before it is used; until then a crash costs only the copy.
        connection_.execute(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536");
        connection_.execute("PRAGMA writable_schema = ON");  // opens a file that is cut off, too
        connection_.attach(damaged, "damaged");
    }

    [[nodiscard]] base::Result<Salvaged> run() {
        {
            SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Write);
            read_head();
            copy_events();
            copy_large_payloads();
            copy_numbers();
            if (const auto added = add_keys(); !added) return added.error();
            add_runs(found_.runs);
            copy_keys_of_deleted_events();
            add_runs(all_runs());
            copy_nodes();
            write_head();
            transaction.commit();
        }
        connection_.execute("DETACH damaged");
        connection_.execute("PRAGMA writable_schema = OFF; PRAGMA journal_mode = WAL");
        return std::move(result_);
    }

  private:
    /// What may fail without harm to the events; false, with a note, when it did.
    template <class Work>
    bool try_to(const std::string& keep, Work&& work) {
        connection_.execute("SAVEPOINT attempt");
        try {
            work();
            connection_.execute("RELEASE attempt");
            return true;
        } catch (const SqliteFailure& failure) {
            if (failure.primary_code() == SQLITE_FULL || !connection_.in_transaction()) throw;
            connection_.execute("ROLLBACK TO attempt; RELEASE attempt");
            if (!keep.empty()) result_.notes.push_back(keep + " could not be kept: " + failure.what());
            return false;
        }
    }

    void read_head() {
        head_is_read_ = try_to("", [&] {
            auto statement = connection_.prepare(
                "SELECT feed_id, network_name, oldest_id, next_id, api_version FROM damaged.log");
            auto rows = statement.query();
            if (!rows.next()) throw SqliteFailure::corrupt("the table log has no row");
            head_.feed_id = rows.text(0);
            head_.network_name = rows.text(1);
            head_.range = {static_cast<base::EventId>(rows.integer(2)),
                           static_cast<base::EventId>(rows.integer(3))};
            head_.api_version = base::ApiVersion::unpacked(rows.integer(4));
        });
        if (head_is_read_) return;
        result_.notes.emplace_back(
            "the log's head could not be read: the log has a new feed id, and ids go on with a distance");
        try_to("the network's name", [&] {
            head_.network_name = connection_.text(
                "SELECT network_name FROM damaged.node_observed WHERE network_name <> '' LIMIT 1");
        });
    }

    void copy_events() {
        auto range = connection_.prepare(
            "INSERT INTO main.event SELECT * FROM damaged.event WHERE id >= ?1 AND id < ?2");
        auto one = connection_.prepare("INSERT INTO main.event SELECT * FROM damaged.event WHERE id = ?1");
        // A range is read until one row is past it, and the one past the last may be on a damaged page.
        const auto copy = [&](base::EventId from, base::EventId last) {
            if (from > last) return;
            range.execute(from, last);
            one.execute(last);
        };
        auto from = found_.first;
        for (const auto& lost : found_.lost) {
            copy(from, lost.run.first - 1);
            from = lost.run.last + 1;
        }
        copy(from, found_.last);
        auto update = connection_.prepare("UPDATE main.event SET chain_hash = ?2 WHERE id = ?1");
        for (const auto& event : found_.rehashed) update.execute(event.id, Blob(event.chain));
    }

    void copy_large_payloads() {
        connection_.execute(
            "INSERT INTO main.large_payload SELECT p.* FROM (SELECT large_payload AS n FROM main.event WHERE "
            "large_payload IS NOT NULL) e CROSS JOIN damaged.large_payload p ON p.number = e.n;"
            "INSERT INTO main.payload_part (payload, seq, bytes) SELECT p.payload, p.seq, p.bytes FROM "
            "main.large_payload l CROSS JOIN damaged.payload_part p ON p.payload = l.number");
    }

    /// First those that sound events need, by their numbers.
    void copy_numbers() {
        connection_.execute(
            "INSERT INTO main.block SELECT b.number, b.hash "
            "FROM (SELECT DISTINCT block AS n FROM main.event WHERE block IS NOT NULL) e "
            "CROSS JOIN damaged.block b ON b.number = e.n;"
            "INSERT INTO main.public_key SELECT p.number, p.bytes "
            "FROM (SELECT DISTINCT signer AS n FROM main.event WHERE signer IS NOT NULL) e "
            "CROSS JOIN damaged.public_key p ON p.number = e.n");
        numbers_are_kept_ = try_to("", [&] {
            connection_.execute(
                "INSERT OR IGNORE INTO main.block SELECT number, hash FROM damaged.block;"
                "INSERT OR IGNORE INTO main.public_key SELECT number, bytes FROM damaged.public_key");
        });
    }

    /// From the events themselves: what an index does not find, or a damaged key, is right again.
    [[nodiscard]] base::Result<void> add_keys() {
        connection_.execute(
            "INSERT OR IGNORE INTO main.signature_key SELECT block, signer, id FROM main.event WHERE kind "
            "= " +
            std::to_string(static_cast<int>(base::Kind::FinalitySignature)));
        EventKeys keys(connection_);
        auto lost = found_.lost.begin();
        for (auto at = found_.first; at <= found_.last;) {
            const auto page = rows_.read(at);
            if (!page) return page.error();
            for (const auto& row : page->rows) {
                while (lost != found_.lost.end() && lost->run.last < row.id) ++lost;
                const bool is_lost = lost != found_.lost.end() && lost->run.first <= row.id;
                if (is_lost || row.kind == base::Kind::FinalitySignature) continue;
                if (!row.payload)
                    return base::corrupt("event " + std::to_string(row.id) + " reads differently now");
                (void)keys.add(row.kind, row.key, row.id);
            }
            if (page->last || page->next <= at) break;
            at = page->next;
        }
        return {};
    }

    void add_runs(const std::vector<LogRun>& runs) {
        connection_.execute("DELETE FROM main.pruned_run");
        auto insert = connection_.prepare("INSERT INTO main.pruned_run VALUES (?1, ?2, ?3)");
        for (const auto& run : merged(runs)) insert.execute(run.first, run.last, Blob(run.end));
    }

    /// Those are known for a day, so that a node's replay does not bring them back.
    void copy_keys_of_deleted_events() {
        if (found_.runs.empty() || !numbers_are_kept_) return;
        const std::string deleted =
            "(SELECT r.last_id FROM main.pruned_run r WHERE r.first_id <= k.id "
            "ORDER BY r.first_id DESC LIMIT 1) >= k.id";
        try_to("keys of deleted events", [&] {
            connection_.execute(
                "INSERT OR IGNORE INTO main.event_key SELECT * FROM damaged.event_key k WHERE " + deleted +
                ";INSERT OR IGNORE INTO main.signature_key SELECT * FROM damaged.signature_key k WHERE " +
                deleted);
        });
    }

    [[nodiscard]] std::vector<LogRun> all_runs() const {
        auto runs = found_.runs;
        for (const auto& lost : found_.lost) runs.push_back(lost.run);
        if (!head_is_read_) runs.push_back({found_.last + 1, next_id() - 1, found_.chain});
        return runs;
    }

    void copy_nodes() {
        for (const auto& [table, words] : {std::pair{"node_intent", "what operators wished of the nodes"},
                                           std::pair{"node_observed", "the nodes' last states"},
                                           std::pair{"node_history", "the nodes' histories"},
                                           std::pair{"node_gap", "the gaps in what was read"},
                                           std::pair{"pruning", "when events were deleted"}}) {
            try_to(words, [&, name = std::string(table)] {
                connection_.execute("INSERT INTO main." + name + " SELECT * FROM damaged." + name);
            });
        }
        if (!found_.lost.empty() || !head_is_read_) return;
        result_.positions_kept = try_to("how far the nodes were read", [&] {
            connection_.execute("INSERT INTO main.node_position SELECT * FROM damaged.node_position");
        });
    }

    [[nodiscard]] base::EventId next_id() const {
        const auto next = found_.last + 1;
        if (!head_is_read_) return next + kIdsPassedOver;
        return head_.range.next <= base::kMaxEventId ? std::max(next, head_.range.next) : next;
    }

    /// From here on nothing is missing.
    [[nodiscard]] base::EventId oldest_id() const {
        const auto runs = merged(all_runs());
        const auto complete = std::max<base::EventId>(runs.empty() ? 1 : runs.back().last + 1, 1);
        const bool plausible = head_is_read_ && head_.range.oldest >= 1 && head_.range.oldest <= next_id();
        return std::max(complete, plausible ? head_.range.oldest : found_.first);
    }

    void write_head() {
        const auto api_version = std::max(head_.api_version.packed(),
                                          connection_.integer("SELECT max(api_version) FROM main.event"));
        if (head_is_read_) {
            auto feed = connection_.prepare("UPDATE main.log SET feed_id = ?1");
            feed.execute(std::string_view(head_.feed_id));
        }
        auto update = connection_.prepare(
            "UPDATE main.log SET network_name = ?1, oldest_id = ?2, next_id = ?3, api_version = ?4, "
            "chain_hash = ?5");
        update.execute(std::string_view(head_.network_name), oldest_id(), next_id(), api_version,
                       Blob(found_.chain));
    }

    LogRows& rows_;
    const Verification& found_;
    SqliteConnection connection_;
    LogHead head_;
    bool head_is_read_ = false;
    bool numbers_are_kept_ = false;
    Salvaged result_;
};

}  // namespace

base::Result<Salvaged> salvage(const std::filesystem::path& damaged, LogRows& rows, const Verification& found,
                               const std::filesystem::path& copy) {
    try {
        return Salvage(damaged, rows, found, copy).run();
    } catch (const SqliteFailure& failure) {
        return to_error(failure, copy);
    }
}

}  // namespace storage
