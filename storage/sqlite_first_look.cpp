#include "storage/sqlite_first_look.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <set>

#include "storage/sqlite_log_rows.h"
#include "storage/verification.h"

namespace storage {

namespace {

// Few, and none of those whose payload takes long to read.
constexpr int kNewest = 16;

std::uint32_t big_endian(const char* bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[i]);
    return value;
}

/// https://www.sqlite.org/fileformat2.html#the_database_header
struct FileHeader {
    std::uint32_t page_size = 0;
    std::uint32_t pages = 0;
};
std::optional<FileHeader> read_header(const std::filesystem::path& file) {
    std::array<char, 100> bytes{};
    std::ifstream stream(file, std::ios::binary);
    if (!stream.read(bytes.data(), bytes.size())) return std::nullopt;
    if (big_endian(&bytes[24]) != big_endian(&bytes[92])) return std::nullopt;  // the count is not kept up
    const auto size = big_endian(&bytes[14]) & 0xffffU;
    return FileHeader{size == 1 ? 65536U : size, big_endian(&bytes[28])};
}

/// The pages of which the write-ahead log has a version.
/// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
std::set<std::uint32_t> pages_in_wal(const std::filesystem::path& file, std::uint32_t page_size) {
    std::set<std::uint32_t> pages;
    std::ifstream stream(file.string() + "-wal", std::ios::binary);
    std::array<char, 32> header{};
    if (!stream.read(header.data(), header.size())) return pages;
    std::array<char, 24> frame{};
    while (stream.read(frame.data(), frame.size()) && std::equal(&frame[8], &frame[16], &header[16])) {
        pages.insert(big_endian(frame.data()));
        stream.seekg(page_size, std::ios::cur);
    }
    return pages;
}

/// An event of which the chain tells, or a run of deleted ones.
std::optional<LogRun> newest(const SqliteConnection& connection, std::string_view sql) {
    auto statement = connection.prepare(sql);
    auto rows = statement.query();
    if (!rows.next()) return std::nullopt;
    LogRun run{static_cast<base::EventId>(rows.integer(0)), static_cast<base::EventId>(rows.integer(0)), {}};
    const auto hash = rows.blob(1);
    if (hash.size() != run.end.size())
        throw SqliteFailure::corrupt("the chain hash of the newest event is damaged");
    std::ranges::copy(hash, run.end.begin());
    return run;
}

void compare(const LogHead& head, const std::optional<LogRun>& last) {
    if (!last) {
        if (head.range.empty()) return;
        throw SqliteFailure::corrupt("it holds none of its events");
    }
    if (last->last >= head.range.next)
        throw SqliteFailure::corrupt(
            fmt::format("it holds event {}, but gives the next the id {}", last->last, head.range.next));
    if (last->end != head.chain)
        throw SqliteFailure::corrupt("the chain hash of its head is not that of its newest event");
}

base::EventId first_of_newest(const SqliteConnection& connection, base::EventId last) {
    auto statement = connection.prepare("SELECT id, large_payload FROM event ORDER BY id DESC LIMIT " +
                                        std::to_string(kNewest));
    auto rows = statement.query();
    auto first = last + 1;
    while (rows.next() && rows.is_null(1)) first = static_cast<base::EventId>(rows.integer(0));
    return first;
}

}  // namespace

void check_size(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    const auto header = error ? std::nullopt : read_header(file);
    if (!header || header->page_size == 0) return;
    const auto pages = size / header->page_size;
    if (pages >= header->pages) return;
    const auto in_wal = pages_in_wal(file, header->page_size);
    for (auto page = pages + 1; page <= header->pages; ++page) {
        if (in_wal.contains(static_cast<std::uint32_t>(page))) continue;
        throw SqliteFailure::corrupt(
            fmt::format("it is cut off: {} of {} pages are there", pages, header->pages));
    }
}

base::Result<void> check_newest(const std::filesystem::path& file, const SqliteConnection& connection,
                                const LogHead& head) {
    const auto event = newest(connection, "SELECT id, chain_hash FROM event ORDER BY id DESC LIMIT 1");
    const auto run =
        newest(connection, "SELECT last_id, end_hash FROM pruned_run ORDER BY first_id DESC LIMIT 1");
    const auto& last = !event || (run && run->last > event->last) ? run : event;
    compare(head, last);
    if (!event || last != event) return {};
    const auto first = first_of_newest(connection, event->last);
    if (first > event->last) return {};
    const auto damages = check_chain(*rows_of_open_sqlite_log(file), first);
    if (!damages) return damages.error();
    if (damages->empty()) return {};
    const auto& damage = damages->front();
    return to_error(SqliteFailure::corrupt(fmt::format("event {}: {}", damage.first, damage.what)), file);
}

}  // namespace storage
