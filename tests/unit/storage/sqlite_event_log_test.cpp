// What is particular to the SQLite form of the log: its file, and what can go wrong with it.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sqlite_log.h"
#include "storage/sqlite.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_schema.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Error;
using storage::SqliteConnection;
using testing::ElementsAre;
using testing::HasSubstr;

// --- the file ---

TEST(SqliteEventLog, TheFileIsMarkedAndMadeForPruning) {
    SqliteLog sqlite;
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA application_id"), storage::kApplicationId);
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA user_version"), storage::newest_schema_version());
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA auto_vacuum"), 2);
    EXPECT_EQ(SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadOnly).text("PRAGMA journal_mode"),
              "wal");
}

TEST(SqliteEventLog, MissingFoldersAreMade) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.directory = sqlite.directory() / "a" / "b c" / "d%3f?#";
    auto log = open_sqlite(options);
    ASSERT_TRUE(log);
    EXPECT_EQ(append_one(**log, block_added(1)), 1U);
    EXPECT_TRUE(std::filesystem::exists(options.directory / options.file_name));
}

TEST(SqliteEventLog, ACleanEndEmptiesTheWriteAheadLog) {
    SqliteLog sqlite;
    append(sqlite.log(), signatures(1, 100));
    sqlite.close();
    EXPECT_FALSE(std::filesystem::exists(sqlite.file().string() + "-wal"));
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event"), 100);
}

TEST(SqliteEventLog, SignaturesAreInNoIndexOfTheirOwn) {
    SqliteLog sqlite;
    append(sqlite.log(), signatures(1, 50));
    append(sqlite.log(), {block_added(1), deploy_processed(1), fault(1, 1), step(1)});
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event WHERE block_hash IS NOT NULL"), 1);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event WHERE source <> 2"), 4);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event WHERE height = 1"), 1);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM public_key"), 50);
}

TEST(SqliteEventLog, ReadsOfEndpointsWithoutSignaturesUseTheirIndex) {
    SqliteLog sqlite;
    const SqliteConnection connection(sqlite.file(), SqliteConnection::Mode::ReadOnly);
    const auto plan = [&](const std::string& where) {
        auto statement = connection.prepare("EXPLAIN QUERY PLAN SELECT payload FROM event WHERE " + where +
                                            " AND id >= 5 AND id < 9 ORDER BY id");
        std::string text;
        auto rows = statement.query();
        while (rows.next()) text.append(rows.text(3)).append("\n");
        return text;
    };
    for (const auto endpoint : {base::Endpoint::Main, base::Endpoint::Deploys, base::Endpoint::Sidecar}) {
        const auto condition = storage::endpoint_condition(endpoint);
        EXPECT_TRUE(condition.by_source);
        const auto text = plan(condition.sql);
        EXPECT_THAT(text, HasSubstr("event_source (source=? AND rowid>? AND rowid<?)"))
            << base::endpoint_path(endpoint);
        EXPECT_THAT(text, testing::Not(HasSubstr("TEMP B-TREE")));
    }
    for (const auto endpoint : {base::Endpoint::Events, base::Endpoint::Sigs}) {
        EXPECT_FALSE(storage::endpoint_condition(endpoint).by_source);
    }
}

TEST(SqliteEventLog, LookupsOfLaterReadersUseTheirIndexes) {
    SqliteLog sqlite;
    const SqliteConnection connection(sqlite.file(), SqliteConnection::Mode::ReadOnly);
    const std::map<std::string, std::string> queries{
        {"SELECT id FROM event WHERE height = 5", "event_height"},
        {"SELECT max(height) FROM event WHERE height IS NOT NULL", "event_height"},
        {"SELECT id FROM event WHERE block_hash = x'00'", "event_block"},
        {"SELECT id FROM event WHERE account = x'00' ORDER BY id DESC", "event_account"},
        {"SELECT id FROM event_key WHERE kind = 6 AND first = x'00'", "PRIMARY KEY"},
        {"SELECT id FROM event_key WHERE kind = 5 AND second = 3", "event_key_fault"},
        {"SELECT number FROM large_payload WHERE appended = 0", "large_payload_waiting"},
    };
    for (const auto& [sql, index] : queries) {
        auto statement = connection.prepare("EXPLAIN QUERY PLAN " + sql);
        auto rows = statement.query();
        ASSERT_TRUE(rows.next());
        EXPECT_THAT(std::string(rows.text(3)), HasSubstr(index)) << sql;
    }
}

TEST(SqliteEventLog, TheMembersForLaterReadersAreStored) {
    SqliteLog sqlite;
    append(sqlite.log(), {block_added(321), deploy_processed(15), signature(321, 4)});
    const SqliteConnection connection(sqlite.file(), SqliteConnection::Mode::ReadOnly);
    auto statement =
        connection.prepare("SELECT height, era, block_hash, account, received_at FROM event ORDER BY id");
    auto rows = statement.query();
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.integer(0), 321);
    EXPECT_EQ(rows.integer(1), 3);
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    EXPECT_NEAR(static_cast<double>(rows.integer(4)), static_cast<double>(now), 60'000);
    ASSERT_TRUE(rows.next());
    EXPECT_TRUE(rows.is_null(0));
    EXPECT_TRUE(std::ranges::equal(rows.blob(2), hash(1)));
    EXPECT_TRUE(std::ranges::equal(rows.blob(3), public_key(5)));
}

TEST(SqliteEventLog, SynchronousNormalIsPossible) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.synchronous = storage::SqliteOptions::Synchronous::Normal;
    auto log = open_sqlite(options);
    ASSERT_TRUE(log);
    EXPECT_EQ(append_one(**log, block_added(1)), 1U);
}

TEST(SqliteEventLog, OneReaderServesManyThreadsInTurn) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.max_connections_in_pool = 1;
    auto log = open_sqlite(options).value();
    append(*log, signatures(1, 50));
    std::atomic<int> whole{0};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) whole += log->read({}).value().events.size() == 50 ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(whole, 80);
}

// --- positions of batches without news ---

TEST(SqliteEventLog, DuplicatesAloneDoNotWriteAtOnce) {
    SqliteLog sqlite;
    append(sqlite.log(), {from_node(block_added(1), "a", 1)});
    const auto before = read_file(sqlite.file().string() + "-wal");
    append(sqlite.log(), {from_node(block_added(1), "b", 2)});
    EXPECT_TRUE(read_file(sqlite.file().string() + "-wal") == before);
}

TEST(SqliteEventLog, DuplicatesAloneWriteTheirPositionsInTheEnd) {
    SqliteLog sqlite;
    append(sqlite.log(), {from_node(block_added(1), "a", 1)});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const auto stored = [&] {
        return query_integer(sqlite.file(), "SELECT count(*) FROM node_position WHERE node = 'b'") == 1;
    };
    while (!stored() && std::chrono::steady_clock::now() < deadline) {
        append(sqlite.log(), {from_node(block_added(1), "b", 2)});
    }
    EXPECT_TRUE(stored());
}

// --- sse_index ---

TEST(SqliteEventLog, IdsBeginWhereTheRustSidecarLeftOff) {
    SqliteLog sqlite(false);
    write_file(sqlite.directory() / "sse_index", std::string("\x15\xcd\x5b\x07", 4));
    sqlite.open();
    EXPECT_EQ(sqlite.log().range().oldest, 123'456'789U);
    EXPECT_TRUE(sqlite.log().range().empty());
    sqlite.reopen();
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 123'456'789U);
    write_file(sqlite.directory() / "sse_index", std::string("\xff\xff\xff\xff", 4));
    sqlite.reopen();
    EXPECT_EQ(sqlite.log().range().oldest, 123'456'789U);
    EXPECT_EQ(append_one(sqlite.log(), block_added(2)), 123'456'790U);
    EXPECT_THAT(read_ids(sqlite.log(), {}), ElementsAre(123'456'789U, 123'456'790U));
}

TEST(SqliteEventLog, AnUnusableSseIndexIsOverlooked) {
    for (const auto& content :
         {std::string(), std::string("\1\2\3"), std::string("\1\2\3\4\5"), std::string(4, '\0')}) {
        SqliteLog sqlite(false);
        write_file(sqlite.directory() / "sse_index", content);
        sqlite.open();
        EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 1U);
    }
}

// --- files that are not for us ---

/// Every file of a folder with its content.
std::map<std::string, std::string> content_of(const std::filesystem::path& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        files[entry.path().filename().string()] = read_file(entry.path());
    }
    return files;
}

void make_rust_database(const std::filesystem::path& file) {
    const SqliteConnection connection(file, SqliteConnection::Mode::ReadWriteCreate);
    connection.execute(
        "PRAGMA journal_mode = WAL; CREATE TABLE event_type (event_type_id INTEGER PRIMARY KEY, "
        "event_type_name TEXT);"
        "CREATE TABLE event_log (event_log_id INTEGER PRIMARY KEY, event_source_address TEXT, event_key "
        "TEXT);"
        "INSERT INTO event_log VALUES (1, '127.0.0.1', 'abc')");
}

TEST(SqliteEventLog, TheRustSidecarsDatabaseIsLeftUntouched) {
    SqliteLog sqlite(false);
    make_rust_database(sqlite.file());
    const auto before = content_of(sqlite.directory());
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Invalid);
    EXPECT_THAT(error.message, HasSubstr("Rust sidecar"));
    EXPECT_THAT(error.message, HasSubstr("file_name"));
    EXPECT_THAT(error.message, HasSubstr(sqlite.file().string()));
    EXPECT_TRUE(content_of(sqlite.directory()) == before);
}

TEST(SqliteEventLog, TheRustSidecarsDatabaseAfterACrashIsLeftUntouched) {
    SqliteLog sqlite(false);
    const auto other = sqlite.directory().parent_path() / "other.db3";
    const SqliteConnection connection(other, SqliteConnection::Mode::ReadWriteCreate);
    connection.execute("PRAGMA journal_mode = WAL; CREATE TABLE event_log (id INTEGER PRIMARY KEY)");
    // The tables are in the write-ahead log alone.
    std::filesystem::copy_file(other, sqlite.file());
    std::filesystem::copy_file(other.string() + "-wal", sqlite.file().string() + "-wal");
    const auto before = content_of(sqlite.directory());
    EXPECT_EQ(opening_error(sqlite.options()).category, Error::Category::Invalid);
    EXPECT_TRUE(content_of(sqlite.directory()) == before);
}

TEST(SqliteEventLog, AnotherProgramsDatabaseIsLeftUntouched) {
    SqliteLog sqlite(false);
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWriteCreate)
        .execute("CREATE TABLE notes (text TEXT)");
    const auto before = content_of(sqlite.directory());
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Invalid);
    EXPECT_THAT(error.message, HasSubstr("another program"));
    EXPECT_TRUE(content_of(sqlite.directory()) == before);
}

TEST(SqliteEventLog, ADatabaseWithoutATableIsTakenOver) {
    SqliteLog sqlite(false);
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWriteCreate)
        .execute("CREATE TABLE t (x); DROP TABLE t");
    sqlite.open();
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA auto_vacuum"), 2);
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 1U);
}

TEST(SqliteEventLog, AnEmptyFileIsTakenOver) {
    SqliteLog sqlite(false);
    write_file(sqlite.file(), "");
    sqlite.open();
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 1U);
}

TEST(SqliteEventLog, AFileThatIsNoDatabaseIsCorrupt) {
    for (const auto& content :
         {std::string("hello"), std::string(5000, 'x'), std::string("SQLite format 3\0short", 21)}) {
        SqliteLog sqlite(false);
        write_file(sqlite.file(), content);
        const auto error = opening_error(sqlite.options());
        EXPECT_EQ(error.category, Error::Category::Corrupt);
        EXPECT_THAT(error.message, HasSubstr(sqlite.file().string()));
        EXPECT_EQ(error.message.find('\n'), std::string::npos);
        EXPECT_TRUE(read_file(sqlite.file()) == content);
    }
}

TEST(SqliteEventLog, ADamagedSchemaIsCorrupt) {
    SqliteLog sqlite;
    append_one(sqlite.log(), block_added(1));
    sqlite.close();
    auto content = read_file(sqlite.file());
    std::fill(content.begin() + 100, content.begin() + 4096, '\x7f');
    write_file(sqlite.file(), content);
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Corrupt);
    EXPECT_THAT(error.message, HasSubstr(sqlite.file().string()));
}

TEST(SqliteEventLog, AMissingTableIsCorrupt) {
    SqliteLog sqlite;
    sqlite.close();
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWrite).execute("DROP TABLE node_position");
    EXPECT_EQ(opening_error(sqlite.options()).category, Error::Category::Corrupt);
}

TEST(SqliteEventLog, ANewerSchemaIsLeftAlone) {
    SqliteLog sqlite;
    sqlite.close();
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWrite).execute("PRAGMA user_version = 77");
    const auto before = content_of(sqlite.directory());
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Invalid);
    EXPECT_THAT(error.message, HasSubstr("schema 77"));
    EXPECT_TRUE(content_of(sqlite.directory()) == before);
}

TEST(SqliteEventLog, ANewerSchemaInTheWriteAheadLogIsLeftAlone) {
    SqliteLog sqlite;
    sqlite.close();
    const auto copy = sqlite.directory().parent_path() / "copy.db3";
    std::filesystem::copy_file(sqlite.file(), copy);
    const SqliteConnection connection(copy, SqliteConnection::Mode::ReadWrite);
    connection.execute("PRAGMA user_version = 77");
    std::filesystem::copy_file(copy.string() + "-wal", sqlite.file().string() + "-wal");
    const auto main = read_file(sqlite.file());
    const auto wal = read_file(sqlite.file().string() + "-wal");
    EXPECT_THAT(opening_error(sqlite.options()).message, HasSubstr("schema 77"));
    EXPECT_TRUE(read_file(sqlite.file()) == main);
    EXPECT_TRUE(read_file(sqlite.file().string() + "-wal") == wal);
}

TEST(SqliteEventLog, AFolderInPlaceOfTheFileIsAnError) {
    SqliteLog sqlite(false);
    std::filesystem::create_directory(sqlite.file());
    EXPECT_EQ(opening_error(sqlite.options()).category, Error::Category::Invalid);
}

TEST(SqliteEventLog, AFolderThatCannotBeMadeIsAnError) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    write_file(options.directory / "file", "in the way");
    options.directory /= "file";
    const auto error = opening_error(options);
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("storage_path"));
}

TEST(SqliteEventLog, AnUnwritableFolderIsAnError) {
    SqliteLog sqlite(false);
    if (::geteuid() == 0) GTEST_SKIP() << "nothing is unwritable for root";
    ::chmod(sqlite.directory().c_str(), 0555);
    const auto error = opening_error(sqlite.options());
    ::chmod(sqlite.directory().c_str(), 0755);
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("permissions"));
}

// --- one process at a time ---

TEST(SqliteEventLog, ASecondOpeningIsRefused) {
    SqliteLog sqlite;
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("process " + std::to_string(::getpid())));
    append_one(sqlite.log(), block_added(1));
    sqlite.close();
    sqlite.open();
    EXPECT_EQ(sqlite.log().range().newest(), 1U);
}

// --- failures ---

/// Lets no file of this process grow beyond so many bytes: a disk that is full, without a file system of
/// one's own.
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) {
        previous_handler_ = ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &previous_);
        rlimit limit = previous_;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &previous_);
        ::signal(SIGXFSZ, previous_handler_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit previous_{};
    void (*previous_handler_)(int) = nullptr;
};

TEST(SqliteEventLog, AFullDiskLosesNothing) {
    SqliteLog sqlite;
    std::uint64_t block = 0;
    base::EventBatch refused;
    {
        const FullDisk full(500'000);
        for (; block < 1000 && refused.empty(); ++block) {
            auto batch = signatures(block, 100);
            batch.push_back(api_version("1.5." + std::to_string(block)));
            batch.front() = from_node(batch.front(), "a", static_cast<std::uint32_t>(block));
            const auto appended = sqlite.log().append(batch, "casper");
            if (appended) continue;
            EXPECT_EQ(appended.error().category, Error::Category::Unavailable);
            EXPECT_THAT(appended.error().message, HasSubstr("check the disk, its free space"));
            EXPECT_THAT(appended.error().message, HasSubstr(sqlite.file().string()));
            refused = std::move(batch);
        }
        ASSERT_FALSE(refused.empty());
        EXPECT_EQ(sqlite.log().range().next, (block - 1) * 100 + 1);
        EXPECT_EQ(sqlite.log().api_version().patch, block - 2);
        EXPECT_EQ(read_all(sqlite.log()).size(), (block - 1) * 100);  // reading needs no space
        EXPECT_FALSE(sqlite.log().append(refused, "casper"));
    }
    const auto appended = sqlite.log().append(refused, "casper");
    ASSERT_TRUE(appended) << appended.error().message;
    EXPECT_EQ(appended->ids.front(), (block - 1) * 100 + 1);
    sqlite.reopen();
    EXPECT_EQ(read_all(sqlite.log()).size(), block * 100);
    EXPECT_EQ(sqlite.log().api_version().patch, block - 1);
    const auto position = sqlite.log().positions().at({"a", base::Filter::Sigs});
    EXPECT_EQ(position.position.event_id, block - 1);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event_key"),
              static_cast<std::int64_t>(block * 100));
}

TEST(SqliteEventLog, PositionsKeptBackSurviveAFullDisk) {
    SqliteLog sqlite;
    append(sqlite.log(), {from_node(block_added(1), "a", 1)});
    append(sqlite.log(), {from_node(block_added(1), "b", 2)});
    {
        const FullDisk full(1000);
        EXPECT_FALSE(sqlite.log().flush());
        EXPECT_FALSE(sqlite.log().append(base::EventBatch{from_node(block_added(2), "b", 3)}, ""));
    }
    ASSERT_TRUE(sqlite.log().flush());
    sqlite.reopen();
    EXPECT_EQ(sqlite.log().positions().at({"b", base::Filter::Main}).position.event_id, 2U);
}

TEST(SqliteEventLog, StagingGoesOnWhenTheDiskHasSpaceAgain) {
    SqliteLog sqlite;
    const auto event = step(1, 3'000'000);
    auto answer = std::make_shared<std::promise<std::uint64_t>>();
    auto number = answer->get_future();
    {
        const FullDisk full(1'000'000);
        sqlite.log().stage(std::make_shared<const base::Event>(event),
                           [answer](std::uint64_t n) { answer->set_value(n); });
        // The first part fits, a later one cannot.
        ASSERT_TRUE(await_integer(sqlite.file(), "SELECT count(*) > 0 FROM payload_part", 1));
        ASSERT_EQ(number.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
    }
    ASSERT_EQ(number.wait_for(std::chrono::minutes(1)), std::future_status::ready);
    append(sqlite.log(), {staged(event, number.get())});
    EXPECT_TRUE(read_all(sqlite.log()).at(0).payload == event.payload);
}

TEST(SqliteEventLog, ADatabaseLockedByAnotherProgramIsTriedAgain) {
    SqliteLog sqlite;
    {
        const SqliteConnection other(sqlite.file(), SqliteConnection::Mode::ReadWrite);
        other.execute("BEGIN IMMEDIATE");
        const auto refused = sqlite.log().append(base::EventBatch{block_added(1)}, "");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().category, Error::Category::Unavailable);
        EXPECT_THAT(refused.error().message, HasSubstr("locked"));
        other.execute("ROLLBACK");
    }
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 1U);
}

TEST(SqliteEventLog, AnIncompletePayloadIsCorruptAndTheRestReadable) {
    SqliteLog sqlite;
    const auto event = step(1, 1'000'000);
    append(sqlite.log(), {block_added(1), staged(event, stage(sqlite.log(), event)), block_added(2)});
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWrite)
        .execute("DELETE FROM payload_part WHERE seq = 1");
    const auto page = sqlite.log().read({.endpoint = {}, .from = 2});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().category, Error::Category::Corrupt);
    EXPECT_THAT(read_ids(sqlite.log(), {.endpoint = {}, .from = 3}), ElementsAre(3));
}

// --- large payloads in the file ---

constexpr auto kParts = "SELECT count(*) FROM payload_part";
constexpr auto kPayloads = "SELECT count(*) FROM large_payload";

TEST(SqliteEventLog, OrphanedPayloadsAreDeletedAndOthersKept) {
    SqliteLog sqlite;
    const auto kept = step(1, 600'000);
    append(sqlite.log(), {staged(kept, stage(sqlite.log(), kept))});
    ASSERT_NE(stage(sqlite.log(), step(2, 600'000)), 0U);
    ASSERT_NE(stage(sqlite.log(), step(3, 600'000)), 0U);
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 9);
    sqlite.reopen();
    const auto again = stage(sqlite.log(), step(2, 600'000));
    EXPECT_TRUE(await_integer(sqlite.file(), kPayloads, 2));
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 6);
    append(sqlite.log(), {staged(step(2), again)});
    EXPECT_TRUE(read_all(sqlite.log()).at(0).payload == kept.payload);
    EXPECT_TRUE(read_all(sqlite.log()).at(1).payload == step(2, 600'000).payload);
}

TEST(SqliteEventLog, PayloadsOfDuplicatesAreDeleted) {
    SqliteLog sqlite;
    const auto number = stage(sqlite.log(), step(1, 600'000));
    append(sqlite.log(), {step(1)});
    append(sqlite.log(), {staged(step(1), number), staged(step(1), number)});
    EXPECT_TRUE(await_integer(sqlite.file(), kPayloads, 0));
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 0);
}

TEST(SqliteEventLog, APayloadStagedByThreeNodesIsStoredOnce) {
    SqliteLog sqlite;
    const auto event = step(1, 600'000);
    std::vector<std::jthread> nodes;
    for (int n = 0; n < 3; ++n) nodes.emplace_back([&] { EXPECT_NE(stage(sqlite.log(), event), 0U); });
    nodes.clear();
    EXPECT_EQ(query_integer(sqlite.file(), kPayloads), 1);
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 3);
}

// --- checkpoints ---

TEST(SqliteEventLog, TheWriteAheadLogIsCutAfterALargePayload) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.wal_autocheckpointing_interval = 50;
    auto log = open_sqlite(options).value();
    ASSERT_NE(stage(*log, step(1, 4'000'000)), 0U);
    const std::filesystem::path wal = sqlite.file().string() + "-wal";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::filesystem::file_size(wal) > 1'000'000 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_LE(std::filesystem::file_size(wal), 1'000'000U);
    EXPECT_GT(std::filesystem::file_size(sqlite.file()), 4'000'000U);
}

TEST(SqliteEventLog, TheWriteAheadLogStaysBoundedUnderLoad) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.wal_autocheckpointing_interval = 50;
    options.synchronous = storage::SqliteOptions::Synchronous::Normal;
    auto log = open_sqlite(options).value();
    for (std::uint64_t block = 0; block < 400; ++block) append(*log, signatures(block, 100));
    EXPECT_LT(std::filesystem::file_size(sqlite.file().string() + "-wal"),
              std::filesystem::file_size(sqlite.file()));
    EXPECT_EQ(read_all(*log).size(), 40'000U);
}

// --- kill -9 ---

/// In a child process: appends batches, and writes the newest id to `acknowledge` after each.
[[noreturn]] void append_until_killed(const storage::SqliteOptions& options, std::uint64_t first_block,
                                      int acknowledge) {
    auto log = open_sqlite(options);
    if (!log) ::_exit(1);
    (*log)->stage(std::make_shared<const base::Event>(step(first_block, 2'000'000)), [](std::uint64_t) {});
    for (std::uint64_t block = first_block;; ++block) {
        auto batch = signatures(block, 30);
        batch.back() = from_node(batch.back(), "a", static_cast<std::uint32_t>(block));
        if (!(*log)->append(batch, "casper")) ::_exit(2);
        if (::write(acknowledge, &block, sizeof block) != sizeof block) ::_exit(3);
    }
}

/// Runs such a child for so many acknowledged batches; the last block that it acknowledged.
std::uint64_t run_and_kill(const storage::SqliteOptions& options, std::uint64_t first_block, int batches) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const pid_t child = ::fork();
    if (child == 0) append_until_killed(options, first_block, pipe[1]);
    ::close(pipe[1]);
    std::uint64_t block = 0;
    for (int i = 0; i < batches; ++i) {
        if (::read(pipe[0], &block, sizeof block) != sizeof block) break;
    }
    ::kill(child, SIGKILL);
    std::uint64_t more = 0;
    while (::read(pipe[0], &more, sizeof more) == sizeof more) block = more;
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    return block;
}

TEST(SqliteEventLog, NothingAcknowledgedIsLostToKill9) {
    SqliteLog sqlite(false);
    std::uint64_t next_block = 1;
    for (int round = 0; round < 8; ++round) {
        const auto last = run_and_kill(sqlite.options(), next_block, 1 + 7 * round);
        ASSERT_GE(last, next_block);
        sqlite.open();
        const auto events = read_all(sqlite.log());
        ASSERT_GE(events.size(), last * 30);
        ASSERT_EQ(events.size() % 30, 0U) << "half a batch";
        for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].id, i + 1);
        EXPECT_EQ(sqlite.log().range().next, events.size() + 1);
        // Every event is known by its key, so that no block comes twice.
        for (std::uint64_t block = 1; block <= last; ++block) {
            for (const auto id : append(sqlite.log(), signatures(block, 30), "casper")) ASSERT_EQ(id, 0U);
        }
        EXPECT_GE(sqlite.log().positions().at({"a", base::Filter::Sigs}).position.event_id, last);
        EXPECT_TRUE(await_integer(sqlite.file(), kPayloads, 0));
        next_block = events.size() / 30 + 1;
        sqlite.close();
    }
}

TEST(SqliteEventLog, ALogIsFreeAgainAfterKill9AndLockedWhileTheProcessLives) {
    SqliteLog sqlite(false);
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) append_until_killed(sqlite.options(), 1, pipe[1]);
    std::uint64_t block = 0;
    ASSERT_EQ(::read(pipe[0], &block, sizeof block), static_cast<ssize_t>(sizeof block));
    const auto error = opening_error(sqlite.options());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe[0]);
    ::close(pipe[1]);
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("process " + std::to_string(child)));
    sqlite.open();
    EXPECT_GE(sqlite.log().range().newest(), 30U);
}

}  // namespace

}  // namespace storage_test
