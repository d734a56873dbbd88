// The nodes' wishes and histories in an SQLite file.

#include "storage/node_store.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <spdlog/sinks/ostream_sink.h>
#include <sstream>
#include <string>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "full_disk.h"
#include "killed_child.h"
#include "node_stores.h"
#include "sqlite_log.h"
#include "storage/event_finder.h"
#include "storage/sqlite.h"
#include "storage/sqlite_node_store.h"
#include "storage/sqlite_schema.h"
#include "support/paths.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

using storage::NodeIntent;
using storage::NodeObservation;
using storage::NodeStore;
using storage::SqliteConnection;
using storage::SqliteNodeStore;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(NodeStore, AHistoryTakesNoMoreRowsThanAreKept) {
    SqliteLog sqlite;
    auto& nodes = sqlite.log().nodes();
    constexpr std::int64_t kMore = NodeStore::kHistoryPerNode + 50;
    nodes.note(transition("quiet", 1));
    for (std::int64_t number = 1; number <= kMore; ++number) {
        nodes.note(transition("a", number));
        nodes.note(transition("b", number));
    }
    ASSERT_TRUE(await_newest(nodes, "b", kMore));
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM node_history"),
              static_cast<std::int64_t>(2 * NodeStore::kHistoryPerNode + 1));
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM node_observed"), 3);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT at FROM node_observed WHERE node = 'a'"), kMore);
}

TEST(NodeStore, AnUnknownWishIsCorrupt) {
    SqliteLog sqlite;
    sqlite.close();
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWrite)
        .execute("INSERT INTO node_intent VALUES ('a', 3, '')");
    EXPECT_EQ(opening_error(sqlite.options()).category, base::Error::Category::Corrupt);
}

// --- failures ---

/// A log whose lines and failures the test sees.
class WatchedLog {
  public:
    explicit WatchedLog(const storage::SqliteOptions& options)
        : logger_(std::make_shared<spdlog::logger>(
              "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_, true))),
          log_(storage::SqliteEventLog::open(options, logger_, metrics_).value()) {}

    [[nodiscard]] NodeStore& nodes() { return log_->nodes(); }
    [[nodiscard]] storage::SqliteEventLog& log() { return *log_; }

    /// Waits until storing failed so many more times.
    [[nodiscard]] bool await_failures(int more) {
        const auto& failures = metrics_.error("storage", "node_state_failed");
        const auto wanted = failures.Value() + more;
        return support::eventually([&] { return failures.Value() >= wanted; });
    }

    /// Closes the log; the lines that it wrote.
    [[nodiscard]] std::string close() {
        log_.reset();
        return lines_.str();
    }

  private:
    base::Metrics metrics_;
    std::ostringstream lines_;
    base::Log logger_;
    std::unique_ptr<storage::SqliteEventLog> log_;
};

TEST(NodeStore, AFullDiskLosesNothing) {
    SqliteLog sqlite(false);
    WatchedLog log(sqlite.options());
    std::vector<std::future<void>> saved;
    const auto save_all = [&](int from, int to) {
        for (int i = from; i < to; ++i) {
            log.nodes().note(transition("a", i));
            saved.push_back(save(log.nodes(), {.node = "node-" + std::to_string(i % 100),
                                               .wish = Wish::Suspended,
                                               .configuration = std::to_string(i)}));
        }
    };
    {
        const FullDisk full(1000);
        save_all(0, 80);
        ASSERT_TRUE(log.await_failures(1));
        save_all(80, 160);
        ASSERT_TRUE(log.await_failures(2));
        EXPECT_FALSE(is_done(saved.front(), std::chrono::seconds(0)));
        EXPECT_THAT(history(log.nodes(), "a"), IsEmpty());  // reading needs no space
    }
    for (const auto& one : saved) ASSERT_TRUE(is_done(one));
    ASSERT_TRUE(await_newest(log.nodes(), "a", 159));
    const auto times = history(log.nodes(), "a");
    ASSERT_THAT(times, SizeIs(160));
    for (std::size_t i = 0; i < times.size(); ++i) ASSERT_EQ(times[i], 159 - static_cast<std::int64_t>(i));

    ASSERT_TRUE(is_done(save(log.nodes(), {.node = "node-0", .wish = Wish::Run, .configuration = ""})));
    EXPECT_EQ(append_one(log.log(), block_added(1)), 1U);
    const auto lines = log.close();
    EXPECT_THAT(lines, HasSubstr("storing a node's state failed"));
    EXPECT_THAT(lines, HasSubstr("storing a node's state succeeds again"));
    EXPECT_THAT(lines, Not(HasSubstr("missing")));
    sqlite.open();
    const auto found = sqlite.log().nodes().intents();
    ASSERT_THAT(found, SizeIs(100));
    EXPECT_EQ(found.front().wish, Wish::Run);
    const auto configuration_of = [&](const std::string& node) {
        return std::ranges::find(found, node, &NodeIntent::node)->configuration;
    };
    EXPECT_EQ(configuration_of("node-7"), "107");
    EXPECT_EQ(configuration_of("node-70"), "70");
}

TEST(NodeStore, WhileTheDatabaseFailsOldObservationsAreGivenUpAndWishesKept) {
    SqliteLog sqlite(false);
    WatchedLog log(sqlite.options());
    constexpr std::int64_t kNodes = 100;  // so many that no history is full
    constexpr std::int64_t kNoted = SqliteNodeStore::kMostWaiting + 1000;
    std::future<void> saved;
    {
        const FullDisk full(1000);
        saved = save(log.nodes(), {.node = "node-0", .wish = Wish::Suspended, .configuration = ""});
        for (std::int64_t i = 0; i < kNoted; ++i)
            log.nodes().note(transition("node-" + std::to_string(i % kNodes), i));
        ASSERT_TRUE(log.await_failures(2));  // one for what was being tried meanwhile
    }
    ASSERT_TRUE(is_done(saved));
    const auto newest_node = "node-" + std::to_string((kNoted - 1) % kNodes);
    ASSERT_TRUE(await_newest(log.nodes(), newest_node, kNoted - 1));
    EXPECT_THAT(log.close(), HasSubstr("1000 transitions are missing"));
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM node_history"),
              static_cast<std::int64_t>(SqliteNodeStore::kMostWaiting));
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT min(at) FROM node_history"), 1000);
    sqlite.open();
    EXPECT_THAT(intents(sqlite.log()), ElementsAre(IntentFields("node-0", Wish::Suspended, "")));
}

TEST(NodeStore, ADatabaseLockedByAnotherProgramIsTriedAgain) {
    SqliteLog sqlite(false);
    WatchedLog log(sqlite.options());
    const SqliteConnection other(sqlite.file(), SqliteConnection::Mode::ReadWrite);
    other.busy_timeout(30'000);
    other.execute("BEGIN IMMEDIATE");
    const auto saved = save(log.nodes(), {.node = "a", .wish = Wish::Run, .configuration = ""});
    ASSERT_TRUE(log.await_failures(1));
    EXPECT_FALSE(is_done(saved, std::chrono::seconds(0)));
    other.execute("ROLLBACK");
    EXPECT_TRUE(is_done(saved));
}

TEST(NodeStore, AnEndWhileTheDatabaseFailsGivesUp) {
    SqliteLog sqlite(false);
    WatchedLog log(sqlite.options());
    const auto called = std::make_shared<std::atomic<bool>>(false);
    {
        const FullDisk full(1000);
        log.nodes().save({.node = "a", .wish = Wish::Run, .configuration = ""}, [called] { *called = true; });
        EXPECT_THAT(log.close(), HasSubstr("given up"));
    }
    EXPECT_FALSE(*called);
    sqlite.open();
    EXPECT_THAT(intents(sqlite.log()), IsEmpty());
}

// --- kill -9 ---

constexpr std::uint64_t kNodesOfChild = 3;

/// In a child process: saves wish after wish, numbered in their configurations, and writes the number to
/// `acknowledge` once each is done.
[[noreturn]] void save_until_killed(const storage::SqliteOptions& options, std::uint64_t first,
                                    int acknowledge) {
    auto log = open_sqlite(options);
    if (!log) ::_exit(1);
    auto& nodes = (*log)->nodes();
    for (std::uint64_t number = first;; ++number) {
        NodeIntent intent;
        intent.node = "node-" + std::to_string(number % kNodesOfChild);
        intent.configuration = std::to_string(number);
        nodes.note(transition(intent.node, static_cast<std::int64_t>(number)));
        const auto saved = save(nodes, std::move(intent));
        if (!is_done(saved)) ::_exit(2);
        if (::write(acknowledge, &number, sizeof number) != sizeof number) ::_exit(3);
    }
}

TEST(NodeStore, AWishThatIsDoneSurvivesKill9) {
    SqliteLog sqlite(false);
    std::uint64_t next = 1;
    for (int round = 0; round < 6; ++round) {
        const auto last = run_and_kill(
            [&](int acknowledge) { save_until_killed(sqlite.options(), next, acknowledge); }, 3 + 10 * round);
        ASSERT_GE(last, next + kNodesOfChild - 1);
        sqlite.open();
        const auto found = sqlite.log().nodes().intents();
        ASSERT_THAT(found, SizeIs(kNodesOfChild));
        for (const auto& intent : found) {
            const std::uint64_t number = std::stoull(intent.configuration);
            EXPECT_EQ(intent.node, "node-" + std::to_string(number % kNodesOfChild));
            EXPECT_GT(number + kNodesOfChild, last);
            next = std::max(next, number + 1);
        }
        EXPECT_THAT(history(sqlite.log().nodes(), "node-0"), Not(IsEmpty()));
        sqlite.close();
    }
}

// --- migration ---

/// The database that a program of schema 1 left.
void make_schema_1(const std::filesystem::path& file) {
    const SqliteConnection connection(file, SqliteConnection::Mode::ReadWriteCreate);
    connection.execute(support::read_file(support::project_folder() / "tests/unit/storage/schema_1.sql"));
}

/// What its rows were made of, in their order.
base::EventBatch events_of_schema_1() {
    return {block_added(1),
            deploy_accepted(11),
            deploy_processed(12),
            signature(1, 1),
            signature(1, 2),
            fault(1, 1),
            shutdown(base::Filter::Main, 1),
            step(2, 2000),
            deploy_expired(13)};
}

void expect_all_of_schema_1(storage::SqliteEventLog& log) {
    EXPECT_EQ(log.feed_id(), "eb919937-af75-4403-93d9-bf3103d13f0b");
    EXPECT_EQ(log.network_name(), "casper-test");
    EXPECT_EQ(log.api_version().packed(), api_version("1.5.2").api_version.packed());
    EXPECT_EQ(log.range().oldest, 1U);
    const auto expected = events_of_schema_1();
    const auto events = read_all(log);
    ASSERT_GE(events.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(events[i].id, i + 1);
        EXPECT_EQ(events[i].kind, expected[i].kind);
        EXPECT_EQ(events[i].payload, expected[i].payload);
    }
    const auto& finder = log.finder();
    EXPECT_EQ(*finder.read_large(finder.step(2).value()->large).value(), step(2, 2000).payload);
    EXPECT_THAT(finder.events({.kind = base::Kind::Fault})->entries, SizeIs(1));
    EXPECT_EQ(finder.deploys({})->entries.front().hash, hash(13));
    const auto positions = log.positions();
    ASSERT_THAT(positions, SizeIs(2));
    const auto& a = positions.at({"a", base::Filter::Main});
    EXPECT_EQ(a.position.event_id, 7U);
    EXPECT_EQ(a.kind, base::Kind::BlockAdded);
    EXPECT_EQ(a.key.first, hash(1));
    const auto& b = positions.at({"b", base::Filter::Main});
    EXPECT_EQ(b.position.event_id, 9U);
    EXPECT_EQ(b.position.generation, 2U);
    for (const auto id : append(log, expected)) EXPECT_EQ(id, 0U) << "an event is not known any more";
}

TEST(NodeStore, ALogOfSchema1KeepsEverything) {
    SqliteLog sqlite(false);
    make_schema_1(sqlite.file());
    ASSERT_EQ(query_integer(sqlite.file(), "PRAGMA user_version"), 1);
    sqlite.open();
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA user_version"), storage::newest_schema_version());
    expect_all_of_schema_1(sqlite.log());
    EXPECT_EQ(append_one(sqlite.log(), block_added(2)), 10U);
    EXPECT_THAT(intents(sqlite.log()), IsEmpty());
    sqlite.log().nodes().save({.node = "a", .wish = Wish::Suspended, .configuration = ""}, nullptr);
    sqlite.log().nodes().note(transition("a", 1));
    sqlite.reopen();
    expect_all_of_schema_1(sqlite.log());
    EXPECT_EQ(sqlite.log().range().next, 11U);
    EXPECT_THAT(intents(sqlite.log()), ElementsAre(IntentFields("a", Wish::Suspended, "")));
    EXPECT_THAT(history(sqlite.log().nodes(), "a"), ElementsAre(1));
}

}  // namespace

}  // namespace storage_test
