#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <string>

#include "base/event.h"

namespace perf {

inline constexpr std::uint64_t kValidators = 100;

/// Bytes that look like a hash; the number alone determines them.
[[nodiscard]] inline base::KeyBytes bytes_of(std::uint64_t number, std::size_t size) {
    base::KeyBytes bytes;
    std::uint64_t state = number * 0x9E3779B97F4A7C15U + 1;
    while (bytes.size() < size) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        bytes.push_back(static_cast<std::uint8_t>(state >> 32U));
    }
    return bytes;
}

[[nodiscard]] inline std::string hex_of(const base::KeyBytes& bytes) {
    constexpr auto* kDigits = "0123456789abcdef";
    std::string hex;
    for (const auto byte : bytes) {
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 15U];
    }
    return hex;
}

/// A finality signature as a node sends it; a hundred follow each other for each block.
[[nodiscard]] inline base::Event signature(std::uint64_t number) {
    base::Event event;
    event.kind = base::Kind::FinalitySignature;
    event.filter = base::Filter::Sigs;
    event.key = {bytes_of(number / kValidators, 32), bytes_of(1'000'000'007 + number % kValidators, 33)};
    event.key.second[0] = 1;
    event.block_hash = event.key.first;
    event.era = number / 1'000'000;
    event.payload = fmt::format(
        R"({{"FinalitySignature":{{"block_hash":"{}","era_id":{},"signature":"01{}","public_key":"{}"}}}})",
        hex_of(event.key.first), *event.era, hex_of(bytes_of(number + (1ULL << 40U), 64)),
        hex_of(event.key.second));
    event.received = std::chrono::steady_clock::now();
    event.node = "node";
    event.position.event_id = static_cast<std::uint32_t>(number);
    return event;
}

/// Signature after signature.
class Signatures {
  public:
    [[nodiscard]] base::EventBatch next(std::size_t count) {
        base::EventBatch batch;
        batch.reserve(count);
        for (std::size_t i = 0; i < count; ++i) batch.push_back(signature(number_++));
        return batch;
    }

  private:
    std::uint64_t number_ = 0;
};

}  // namespace perf
