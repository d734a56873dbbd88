#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Rows of text in aligned columns, two spaces apart; nothing stands at the end of a line that need not.
class TextTable {
  public:
    explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}

    /// As many cells as the header has.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

    /// Every row with its newline, the header first.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

/// Text from elsewhere, as it may go to a terminal: on one line, without control characters.
[[nodiscard]] std::string printable(std::string_view text);

/// At most so many characters, "…" for the rest.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

}  // namespace server
