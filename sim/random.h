#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace sim {

/// Repeatable random numbers (splitmix64), cheap enough for megabytes of filler. Not for secrets.
class Random {
  public:
    explicit Random(std::uint64_t state) : state_(state) {}

    /// The sequence that belongs to these numbers: the same whenever and in whatever order it is asked for.
    Random(std::uint64_t seed, std::initializer_list<std::uint64_t> key) : state_(seed) {
        for (const auto part : key) state_ = next() ^ (part * 0x9e3779b97f4a7c15U);
    }

    [[nodiscard]] std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

    /// A number in [0, bound); 0 where bound is 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

    /// A number in [low, high].
    [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }

    /// True once in `n` calls on average.
    [[nodiscard]] bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }

    /// Appends that many bytes as lower-case hex.
    void append_hex(std::string& out, std::size_t bytes) {
        static constexpr char kDigits[] = "0123456789abcdef";
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            if (i % 8 == 0) word = next();
            out.push_back(kDigits[(word >> 4U) & 0xfU]);
            out.push_back(kDigits[word & 0xfU]);
            word >>= 8U;
        }
    }

    [[nodiscard]] std::string hex(std::size_t bytes) {
        std::string out;
        out.reserve(2 * bytes);
        append_hex(out, bytes);
        return out;
    }

  private:
    std::uint64_t state_;
};

}  // namespace sim
