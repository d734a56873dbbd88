#include "sqlite_damage.h"

#include <fmt/format.h>
#include <fstream>

#include "sqlite_log.h"
#include "storage/sqlite.h"

namespace storage_test {

namespace {

constexpr std::uintmax_t kPage = 4096;

}  // namespace

void spoil_leaf(const std::filesystem::path& file, const std::string& name, int number) {
    const auto page = query_integer(
        file,
        fmt::format("SELECT pageno FROM dbstat WHERE name = '{}' AND pagetype = 'leaf' ORDER BY path LIMIT 1 "
                    "OFFSET {}",
                    name, number));
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>((static_cast<std::uintmax_t>(page) - 1) * kPage));
    stream << std::string(kPage, '\x7f');
}

void cut_off(const std::filesystem::path& file, std::uintmax_t pages) {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - pages * kPage);
}

void alter(const std::filesystem::path& file, const std::string& sql) {
    storage::SqliteConnection(file, storage::SqliteConnection::Mode::ReadWrite).execute(sql);
}

}  // namespace storage_test
