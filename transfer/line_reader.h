#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace transfer {

/// The lines of a file or pipe, read in blocks. Memory: one line. Does not own the descriptor.
class LineReader {
  public:
    /// Longer lines are passed over. An event is far shorter.
    static constexpr std::size_t kLongest = std::size_t{256} << 20;

    enum class Found : std::uint8_t {
        Line,
        TooLong,      ///< a line that was passed over
        Interrupted,  ///< a signal came while nothing was to be read; call again to go on
        End,
    };

    explicit LineReader(int descriptor, std::size_t longest = kLongest);

    /// The next line without its '\n' and a '\r' before that; the last one need not have an end. Errors:
    /// Unavailable, when reading fails.
    [[nodiscard]] base::Result<Found> next(std::string& line);

    /// Of the lines given so far, or passed over; from 1 on.
    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    void take(const char* from, const char* to);
    [[nodiscard]] Found complete(std::string& line);

    int descriptor_;
    std::size_t longest_;
    std::string block_;
    std::size_t position_ = 0;
    std::string line_;  // what was read of the line at hand
    bool too_long_ = false;
    bool begun_ = false;
    std::uint64_t number_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace transfer
