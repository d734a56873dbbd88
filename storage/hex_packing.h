#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/payload_codec.h"

namespace storage {

/// Takes the hex digits out of a JSON text. `text` is the rest, with a control character (which JSON has
/// nowhere) for each run of lower-case digits; `binary` is the runs' bytes. A run that is one of the row's
/// keys, or that came before in the same text, is a reference.
class HexPacking {
  public:
    struct Packed {
        std::string text;
        std::string binary;
    };

    /// False, when the text holds control characters itself, so that it cannot be packed. One thread.
    [[nodiscard]] bool pack(std::string_view payload, const RowKeys& keys, Packed& packed);

  private:
    void add_run(std::string_view digits, const RowKeys& keys, Packed& packed);
    [[nodiscard]] std::uint32_t number_of(std::string_view digits);
    void forget_runs();

    std::vector<std::string_view> runs_;  ///< that can be repeated, in their order
    /// Of the same, once there are many: to hash a run costs more than to compare it with a few.
    boost::unordered_flat_map<std::string_view, std::uint32_t> numbers_;
};

/// The text that was packed. Errors: Corrupt.
[[nodiscard]] base::Result<std::string> unpack_hex(std::string_view text, std::string_view binary,
                                                   const RowKeys& keys);

void append_varint(std::string& bytes, std::uint64_t number);  ///< LEB128

/// Takes a number from the front; nothing, when there is none.
[[nodiscard]] std::optional<std::uint64_t> take_varint(std::string_view& bytes);

}  // namespace storage
