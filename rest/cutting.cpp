#include "rest/cutting.h"

#include <cstddef>

#include "base/trimmed.h"

namespace rest {
namespace {

constexpr std::string_view kEndOfScalar = " \t\n\r,]}";

/// Reads JSON from the front; every function is false, or gives nothing, where the text is not what it reads.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool take(char c) {
        skip_white_space();
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }

    /// With its quotes.
    std::optional<std::string_view> string() {
        skip_white_space();
        if (rest_.empty() || rest_.front() != '"') return std::nullopt;
        std::size_t at = 1;
        for (;;) {
            at = rest_.find_first_of("\"\\", at);
            if (at == std::string_view::npos) return std::nullopt;
            if (rest_[at] == '"') return take_front(at + 1);
            at += 2;
        }
    }

    std::optional<std::string_view> value() {
        skip_white_space();
        if (rest_.empty()) return std::nullopt;
        if (rest_.front() == '"') return string();
        if (rest_.front() == '{' || rest_.front() == '[') return nested();
        const auto end = rest_.find_first_of(kEndOfScalar);
        if (end == 0) return std::nullopt;
        return take_front(end == std::string_view::npos ? rest_.size() : end);
    }

    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    void skip_white_space() {
        const auto first = rest_.find_first_not_of(base::kBlanks);
        rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
    }

    std::string_view take_front(std::size_t size) {
        const auto front = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return front;
    }

    /// An object or array: to where as many are closed as were opened.
    std::optional<std::string_view> nested() {
        const auto whole = rest_;
        std::size_t depth = 0;
        for (;;) {
            const auto at = rest_.find_first_of("\"{}[]");
            if (at == std::string_view::npos) return std::nullopt;
            rest_.remove_prefix(at);
            if (rest_.front() == '"') {
                if (!string()) return std::nullopt;
                continue;
            }
            const bool opens = rest_.front() == '{' || rest_.front() == '[';
            rest_.remove_prefix(1);
            depth = opens ? depth + 1 : depth - 1;
            if (depth == 0) return whole.substr(0, whole.size() - rest_.size());
        }
    }

    std::string_view rest_;
};

}  // namespace

std::optional<std::string_view> inner_of(std::string_view payload) {
    const auto object = base::trimmed(payload);
    if (!object.ends_with('}')) return std::nullopt;
    Scanner scanner(object.substr(0, object.size() - 1));
    if (!scanner.take('{') || !scanner.string() || !scanner.take(':')) return std::nullopt;
    const auto inner = base::trimmed(scanner.rest());
    if (inner.empty()) return std::nullopt;
    return inner;
}

std::optional<std::string_view> member_of(std::string_view object, std::string_view name) {
    Scanner scanner(object);
    if (!scanner.take('{')) return std::nullopt;
    do {
        const auto key = scanner.string();
        if (!key || !scanner.take(':')) return std::nullopt;
        const auto value = scanner.value();
        if (!value) return std::nullopt;
        if (key->substr(1, key->size() - 2) == name) return value;
    } while (scanner.take(','));
    return std::nullopt;
}

std::optional<std::string_view> plain_text(std::string_view string) {
    if (string.size() < 2 || string.front() != '"' || string.back() != '"') return std::nullopt;
    const auto text = string.substr(1, string.size() - 2);
    if (text.find('\\') != std::string_view::npos) return std::nullopt;
    return text;
}

}  // namespace rest
