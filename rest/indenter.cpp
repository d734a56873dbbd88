#include "rest/indenter.h"

#include <algorithm>

namespace rest {
namespace {

/// Deeper levels are not indented further, as ten thousand brackets would become ten thousand long lines.
constexpr std::size_t kDeepestIndent = 40;
constexpr std::size_t kIndent = 2;

}  // namespace

void Indenter::feed(std::string_view piece, std::string& out) {
    std::size_t at = 0;
    while (at < piece.size()) {
        if (in_string_) {
            at = copy_string(piece, at, out);
        } else {
            take(piece[at++], out);
        }
    }
}

/// As far as the string goes on in this piece; where to read on.
std::size_t Indenter::copy_string(std::string_view piece, std::size_t from, std::string& out) {
    std::size_t at = from;
    while (at < piece.size() && in_string_) {
        const char c = piece[at++];
        if (escaped_) {
            escaped_ = false;
        } else if (c == '\\') {
            escaped_ = true;
        } else if (c == '"') {
            in_string_ = false;
        }
    }
    out.append(piece.substr(from, at - from));
    return at;
}

void Indenter::take(char c, std::string& out) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') return;
    const bool closes = c == '}' || c == ']';
    if (closes && depth_ > 0) --depth_;
    if (closes != just_opened_) break_line(out);  // an empty object stays on its line
    just_opened_ = c == '{' || c == '[';

    out.push_back(c);
    if (just_opened_) {
        ++depth_;
    } else if (c == ',') {
        break_line(out);
    } else if (c == ':') {
        out.push_back(' ');
    } else if (c == '"') {
        in_string_ = true;
    }
}

void Indenter::break_line(std::string& out) const {
    out.push_back('\n');
    out.append(kIndent * std::min(depth_, kDeepestIndent), ' ');
}

}  // namespace rest
