#include "storage/wal_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <system_error>

namespace storage {

namespace {

constexpr std::uintmax_t kWalHeader = 32;
constexpr std::uintmax_t kWalFrame = 24 + 4096;  // a page with its header
constexpr std::size_t kFileBlock = 4096;
constexpr std::uint64_t kMostWalPages = 16'000;  // 64 MB: beyond it, the time between two checkpoints is long
constexpr std::size_t kBlocksAtOnce = 64;        // in one turn: what an append may wait for
constexpr std::uintmax_t kSpareFactor = 8;       // times the size wanted must be free

std::uintmax_t whole_blocks(std::uintmax_t bytes) {
    return (bytes + kFileBlock - 1) / kFileBlock * kFileBlock;
}

}  // namespace

WalFile::WalFile(const std::filesystem::path& database, SqliteWriter& writer, std::uint64_t pages)
    : file_(database.string() + "-wal"),
      writer_(writer),
      wanted_(whole_blocks(kWalHeader + std::min(pages, kMostWalPages) * kWalFrame)) {
    writer_.connection().execute("PRAGMA journal_size_limit = " + std::to_string(wanted_));
}

bool WalFile::grow() {
    if (done_) return false;
    done_ = !disk_has_room();
    if (done_) return false;
    try {
        const auto turn = writer_.maintenance_turn();
        // Holds SQLite's lock, too: another program may be writing.
        const SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
        append_zeros();
    } catch (const SqliteFailure&) {
        done_ = true;
    }
    return !done_;
}

bool WalFile::disk_has_room() const {
    std::error_code error;
    const auto space = std::filesystem::space(file_, error);
    return !error && space.available > kSpareFactor * wanted_;
}

/// Small writes, as SQLite's own: a file written in large pieces is cached in large pieces, and each small
/// write to these is slower. Whatever fails here costs speed, nothing else.
void WalFile::append_zeros() {
    std::error_code error;
    auto size = std::filesystem::file_size(file_, error);
    std::ofstream file(file_, std::ios::binary | std::ios::app);
    static constexpr std::array<char, kFileBlock> kZeros{};
    for (std::size_t i = 0; i < kBlocksAtOnce && size < wanted_ && file; ++i) {
        file.write(kZeros.data(), kZeros.size()).flush();
        size += kZeros.size();
    }
    done_ = error || !file || size >= wanted_;
}

}  // namespace storage
