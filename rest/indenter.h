#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rest {

/// Spreads JSON over lines, two spaces a level, while it passes through in pieces of any size. Only white
/// space between tokens changes: numbers and strings stay byte for byte. Well-formed JSON in, well-formed
/// JSON out; of other text it makes something of bounded size.
class Indenter {
  public:
    /// Appends what the piece becomes.
    void feed(std::string_view piece, std::string& out);

  private:
    [[nodiscard]] std::size_t copy_string(std::string_view piece, std::size_t from, std::string& out);
    void take(char c, std::string& out);
    void break_line(std::string& out) const;

    std::size_t depth_ = 0;
    bool just_opened_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
};

}  // namespace rest
