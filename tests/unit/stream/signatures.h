#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <random>
#include <string>

namespace stream {

/// Payloads of finality signatures as a network's: of about 345 bytes, most of them random hex digits, a
/// hundred for each block.
class Signatures {
  public:
    std::string hex(std::size_t digits) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        std::string text(digits, '0');
        for (auto& digit : text) digit = kDigits[random_() % kDigits.size()];
        return text;
    }

    std::string next() {
        constexpr std::uint64_t kOfABlock = 100;
        if (count_++ % kOfABlock == 0) block_hash_ = hex(64);
        return fmt::format(R"({{"FinalitySignature":{{"block_hash":"{}","era_id":{},"signature":"01{}",)"
                           R"("public_key":"01{}"}}}})",
                           block_hash_, 10'000 + count_ / 10'000, hex(128), hex(64));
    }

  private:
    std::mt19937_64 random_{17};
    std::uint64_t count_ = 0;
    std::string block_hash_;
};

}  // namespace stream
