// space_bench FOLDER FILE.jsonl...: bytes on disk per event of the SQLite log, for each kind and for all
// events in the order of the files, beside
//
//  - text: the same JSON as text, with the same keys and indexes, without chain hash;
//  - floor: all payloads of the kind, hex digits as bytes, as one zstd stream of level 19 (RFC 8878). No
//    store that reads events one by one can be as small; keys, ids and indexes are not in it.
//
// Kinds of which the files hold little are repeated under other keys, until the text is 8 MB: the pages of a
// database do not count then. Its folders log, text and empty are made anew.

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include <zstd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "payload_set.h"
#include "storage/hex_packing.h"
#include "storage/sqlite.h"
#include "storage/sqlite_event_log.h"
#include "transfer/importer.h"

namespace {

constexpr std::size_t kEnoughText = 8'000'000;
constexpr std::size_t kMostCopies = 20'000;
constexpr int kFloorLevel = 19;
constexpr int kFloorWindow = 27;  // 128 MB

using Events = std::vector<base::Event>;
/// Takes the events one by one, in order.
using Visit = std::function<void(const base::Event&)>;

struct Totals {
    std::size_t events = 0;
    std::size_t text = 0;
};

/// All events, repeated until there is enough of them.
Totals for_each_copy(const Events& events, const Visit& visit) {
    Totals totals;
    for (std::size_t copy = 0; copy < kMostCopies && totals.text < kEnoughText; ++copy) {
        for (const auto& event : events) {
            const auto other = perf::copy_of(event, copy);
            visit(other);
            ++totals.events;
            totals.text += other.payload.size();
        }
    }
    return totals;
}

std::filesystem::path fresh(const std::filesystem::path& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return folder;
}

/// Bytes of the log's file once these events are in it.
std::uintmax_t size_of_log(const std::filesystem::path& folder, const Events& events) {
    storage::SqliteOptions options;
    options.directory = fresh(folder);
    base::Metrics metrics;
    {
        const auto log = storage::SqliteEventLog::open(options, base::make_null_log(), metrics).value();
        transfer::Importer importer(*log, "casper", [] { return false; });
        std::uint64_t place = 0;
        for_each_copy(events, [&](const base::Event& event) {
            transfer::ImportedEvent imported;
            imported.place = ++place;
            imported.payload = event.payload;
            importer.add(std::move(imported)).value();
        });
        importer.finish().value();
        if (importer.summary().stored() != place) throw std::runtime_error("a key came twice");
    }
    return std::filesystem::file_size(folder / options.file_name);
}

/// The plain form: one table of JSON texts, one of natural keys, and the indexes that queries need.
class TextTable {
  public:
    explicit TextTable(const std::filesystem::path& file)
        : connection_(open(file)),
          insert_event_(connection_.prepare(
              "INSERT INTO event VALUES (?1, ?2, ?3, 1099516870662, 1795341653368, ?4, ?5, ?6, ?7, ?8)")),
          insert_key_(connection_.prepare("INSERT INTO event_key VALUES (?1, ?2, ?3, ?4)")) {
        connection_.execute("BEGIN");
    }

    void insert(const base::Event& event) {
        const auto blob = [](const base::KeyBytes& bytes) {
            return bytes.empty() ? std::nullopt : std::optional(storage::Blob(bytes));
        };
        const auto block = event.block_hash == event.key.first ? std::nullopt : blob(event.block_hash);
        insert_event_.execute(++id_, static_cast<int>(event.kind), static_cast<int>(event.filter), event.era,
                              event.height, block, blob(event.account), std::string_view(event.payload));
        insert_key_.execute(static_cast<int>(event.kind), storage::Blob(event.key.first),
                            storage::Blob(event.key.second), id_);
    }

    void finish() { connection_.execute("COMMIT"); }

  private:
    static storage::SqliteConnection open(const std::filesystem::path& file) {
        storage::SqliteConnection connection(file, storage::SqliteConnection::Mode::ReadWriteCreate);
        connection.execute(
            "PRAGMA auto_vacuum = INCREMENTAL;"
            "CREATE TABLE event (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, source INTEGER NOT NULL, "
            "api_version INTEGER NOT NULL, received_at INTEGER NOT NULL, era INTEGER, height INTEGER, "
            "block_hash BLOB, account BLOB, payload TEXT NOT NULL) STRICT;"
            "CREATE INDEX event_source ON event (source) WHERE source <> 2;"
            "CREATE INDEX event_height ON event (height) WHERE height IS NOT NULL;"
            "CREATE INDEX event_block ON event (block_hash) WHERE block_hash IS NOT NULL;"
            "CREATE INDEX event_account ON event (account) WHERE account IS NOT NULL;"
            "CREATE TABLE event_key (kind INTEGER NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL, "
            "id INTEGER NOT NULL, PRIMARY KEY (kind, first, second)) STRICT, WITHOUT ROWID;"
            "CREATE INDEX event_key_id ON event_key (id) WHERE kind <> 6;");
        return connection;
    }

    storage::SqliteConnection connection_;
    storage::SqliteStatement insert_event_;
    storage::SqliteStatement insert_key_;
    std::uint64_t id_ = 0;
};

std::uintmax_t size_of_text(const std::filesystem::path& folder, const Events& events) {
    const auto file = fresh(folder) / "text.db3";
    TextTable table(file);
    for_each_copy(events, [&](const base::Event& event) { table.insert(event); });
    table.finish();
    return std::filesystem::file_size(file);
}

/// Of the originals: copies would be cheap in one stream.
std::size_t floor_of(const Events& events) {
    std::string all;
    storage::HexPacking packing;
    for (const auto& event : events) {
        storage::HexPacking::Packed packed;
        const storage::RowKeys keys{event.key.first, event.key.second};
        if (packing.pack(event.payload, keys, packed)) {
            all += packed.text + packed.binary;
        } else {
            all += event.payload;
        }
    }
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kFloorLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, kFloorWindow);
    std::string stream(ZSTD_compressBound(all.size()), '\0');
    const auto size = ZSTD_compress2(context.get(), stream.data(), stream.size(), all.data(), all.size());
    if (ZSTD_isError(size) != 0) throw std::runtime_error(ZSTD_getErrorName(size));
    return size;
}

void report(const std::filesystem::path& folder, std::string_view name, const Events& events) {
    const auto empty = size_of_log(folder / "log", {});
    const auto log = static_cast<double>(size_of_log(folder / "log", events) - empty);
    const auto text =
        static_cast<double>(size_of_text(folder / "text", events) - size_of_text(folder / "empty", {}));
    const auto totals = for_each_copy(events, [](const base::Event&) {});
    const auto count = static_cast<double>(totals.events);
    const auto floor = static_cast<double>(floor_of(events)) / static_cast<double>(events.size());
    fmt::print("{:<18} {:>8} {:>10.1f} {:>10.1f} {:>10.1f} {:>7.1f} % {:>10.1f} {:>7.1f} %\n", name,
               totals.events, static_cast<double>(totals.text) / count, text / count, log / count,
               100 * log / text, floor, 100 * floor * count / text);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::cerr << "usage: space_bench FOLDER FILE.jsonl...\n";
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const auto all = perf::read_payloads({argv + 2, argv + argc});
    std::map<base::Kind, Events> kinds;
    for (const auto& event : all) kinds[event.kind].push_back(event);

    fmt::print("{:<18} {:>8} {:>10} {:>10} {:>10} {:>9} {:>10} {:>9}\n", "", "events", "payload", "text",
               "log", "log/text", "floor", "/text");
    for (const auto& [kind, events] : kinds) report(folder, base::row_of(kind).name, events);
    report(folder, "all", all);
    return 0;
}
