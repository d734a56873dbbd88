#include "storage/sse_index.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace storage {

std::optional<base::EventId> read_sse_index(const std::filesystem::path& directory, const base::Log& log) {
    const auto path = directory / "sse_index";
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return std::nullopt;

    std::array<char, 5> bytes{};
    std::ifstream file(path, std::ios::binary);
    file.read(bytes.data(), bytes.size());
    if (file.gcount() != 4) {
        log->warn(
            "{} is not the 4 bytes that the Rust sidecar writes; it is overlooked, event ids begin at 1",
            path.string());
        return std::nullopt;
    }
    base::EventId next = 0;
    for (unsigned i = 0; i < 4; ++i) next |= base::EventId{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return std::max<base::EventId>(next, 1);
}

}  // namespace storage
