#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace storage {

/// How the bytes of a payload are stored. The numbers stand in databases.
enum class Encoding : std::uint8_t {
    Plain = 0,   ///< as they are
    Packed = 1,  ///< hex as bytes, the rest by zstd (RFC 8878) with the dictionary of that number
};

/// What the payload's row holds in columns anyway: where the payload repeats one of these in lower-case hex,
/// a reference to it is stored. Empty: there is none.
struct RowKeys {
    std::span<const std::uint8_t> first;
    std::span<const std::uint8_t> second;
};

/// Makes payloads small, and gives them back byte for byte. What does not become smaller stays plain. Not
/// thread-safe: one for each thread.
class PayloadCodec {
  public:
    struct Encoded {
        Encoding encoding = Encoding::Plain;
        std::string_view bytes;  ///< valid until the next call, or as long as the payload
    };

    PayloadCodec();
    ~PayloadCodec();
    PayloadCodec(const PayloadCodec&) = delete;
    PayloadCodec& operator=(const PayloadCodec&) = delete;

    [[nodiscard]] Encoded encode(std::string_view payload, const RowKeys& keys);

    /// Errors: Corrupt, when these bytes do not come from encode() with these keys.
    [[nodiscard]] base::Result<std::string> decode(Encoding encoding, std::string_view bytes,
                                                   const RowKeys& keys);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The zstd dictionary of Encoding::Packed. A log keeps a copy, so that it can be read for ever.
[[nodiscard]] std::string_view packing_dictionary();

}  // namespace storage
