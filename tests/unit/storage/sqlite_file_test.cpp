// Which files the SQLite form of the log takes, and which it leaves alone.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "sqlite_log.h"
#include "storage/sqlite.h"
#include "storage/sqlite_schema.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Error;
using storage::SqliteConnection;
using testing::ElementsAre;
using testing::HasSubstr;

// --- sse_index ---

TEST(SqliteFile, IdsBeginWhereTheRustSidecarLeftOff) {
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

TEST(SqliteFile, AnUnusableSseIndexIsOverlooked) {
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

TEST(SqliteFile, TheRustSidecarsDatabaseIsLeftUntouched) {
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

TEST(SqliteFile, TheRustSidecarsDatabaseAfterACrashIsLeftUntouched) {
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

TEST(SqliteFile, AnotherProgramsDatabaseIsLeftUntouched) {
    SqliteLog sqlite(false);
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWriteCreate)
        .execute("CREATE TABLE notes (text TEXT)");
    const auto before = content_of(sqlite.directory());
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Invalid);
    EXPECT_THAT(error.message, HasSubstr("another program"));
    EXPECT_TRUE(content_of(sqlite.directory()) == before);
}

TEST(SqliteFile, ADatabaseWithoutATableIsTakenOver) {
    SqliteLog sqlite(false);
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWriteCreate)
        .execute("CREATE TABLE t (x); DROP TABLE t");
    sqlite.open();
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA auto_vacuum"), 2);
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 1U);
}

TEST(SqliteFile, AnEmptyFileIsTakenOver) {
    SqliteLog sqlite(false);
    write_file(sqlite.file(), "");
    sqlite.open();
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 1U);
}

TEST(SqliteFile, AFileThatIsNoDatabaseIsCorrupt) {
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

TEST(SqliteFile, ADamagedSchemaIsCorrupt) {
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

TEST(SqliteFile, AMissingTableIsCorrupt) {
    SqliteLog sqlite;
    sqlite.close();
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWrite).execute("DROP TABLE node_position");
    EXPECT_EQ(opening_error(sqlite.options()).category, Error::Category::Corrupt);
}

TEST(SqliteFile, ANewerSchemaIsLeftAlone) {
    SqliteLog sqlite;
    sqlite.close();
    SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadWrite).execute("PRAGMA user_version = 77");
    const auto before = content_of(sqlite.directory());
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Invalid);
    EXPECT_THAT(error.message, HasSubstr("schema 77"));
    EXPECT_TRUE(content_of(sqlite.directory()) == before);
}

TEST(SqliteFile, ANewerSchemaInTheWriteAheadLogIsLeftAlone) {
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

TEST(SqliteFile, AFolderInPlaceOfTheFileIsAnError) {
    SqliteLog sqlite(false);
    std::filesystem::create_directory(sqlite.file());
    EXPECT_EQ(opening_error(sqlite.options()).category, Error::Category::Invalid);
}

TEST(SqliteFile, AFolderThatCannotBeMadeIsAnError) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    write_file(options.directory / "file", "in the way");
    options.directory /= "file";
    const auto error = opening_error(options);
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("storage_path"));
}

/// Nothing is unwritable for root.
template <class Call>
auto without_root(Call&& call) {
    constexpr uid_t kNobody = 65534;
    const auto user = ::geteuid();
    EXPECT_EQ(::seteuid(user == 0 ? kNobody : user), 0);
    auto result = call();
    EXPECT_EQ(::seteuid(user), 0);
    return result;
}

TEST(SqliteFile, AnUnwritableFolderIsAnError) {
    SqliteLog sqlite(false);
    ::chmod(sqlite.directory().c_str(), 0555);
    const auto error = without_root([&] { return opening_error(sqlite.options()); });
    ::chmod(sqlite.directory().c_str(), 0755);
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("permissions"));
}

// --- one process at a time ---

TEST(SqliteFile, ASecondOpeningIsRefused) {
    SqliteLog sqlite;
    const auto error = opening_error(sqlite.options());
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("process " + std::to_string(::getpid())));
    append_one(sqlite.log(), block_added(1));
    sqlite.close();
    sqlite.open();
    EXPECT_EQ(sqlite.log().range().newest(), 1U);
}

}  // namespace

}  // namespace storage_test
