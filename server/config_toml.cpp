#include "server/config_toml.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <toml.hpp>

#include "net/percent_encoding.h"

namespace server {
namespace {

constexpr std::size_t kMaxSyntaxProblems = 10;

TomlNode to_node(const toml::value& value) {
    TomlNode node;
    node.line = value.location().line();
    switch (value.type()) {
        case toml::value_t::boolean:
            node.value = value.as_boolean();
            break;
        case toml::value_t::integer:
            node.value = static_cast<std::int64_t>(value.as_integer());
            break;
        case toml::value_t::floating:
            node.value = value.as_floating();
            break;
        case toml::value_t::string:
            node.value = value.as_string().str;
            break;
        case toml::value_t::array: {
            TomlNode::Array array;
            for (const auto& element : value.as_array()) array.push_back(to_node(element));
            node.value = std::move(array);
            break;
        }
        case toml::value_t::table: {
            TomlNode::Table table;
            for (const auto& [key, element] : value.as_table()) table.push_back({key, to_node(element)});
            std::sort(table.begin(), table.end(),
                      [](const TomlEntry& a, const TomlEntry& b) { return a.node.line < b.node.line; });
            node.value = std::move(table);
            break;
        }
        default:
            node.value = TomlNode::DateOrTime{};
            break;
    }
    return node;
}

/// The first line of toml11's message, without its tags; the lines below it repeat the document.
std::string what_is_wrong(std::string_view what) {
    what = what.substr(0, what.find('\n'));
    constexpr std::string_view kTag = "[error] ";
    if (what.starts_with(kTag)) what.remove_prefix(kTag.size());
    if (what.starts_with("toml::") || what.starts_with("parse_")) {
        const auto function_end = what.find(": ");
        what = function_end == std::string_view::npos ? std::string_view() : what.substr(function_end + 2);
    }
    if (what.empty() || what.starts_with("bad format")) return "the value cannot be read";
    while (what.ends_with('.')) what.remove_suffix(1);
    return std::string(what);
}

struct LineRange {
    std::size_t begin = 0;
    std::size_t end = 0;  ///< without the newline
};

std::optional<LineRange> find_line(std::string_view text, unsigned line) {
    std::size_t begin = 0;
    for (unsigned current = 1; current < line; ++current) {
        const auto newline = text.find('\n', begin);
        if (newline == std::string_view::npos) return std::nullopt;
        begin = newline + 1;
    }
    return LineRange{begin, std::min(text.find('\n', begin), text.size())};
}

/// Takes a faulty line out of the text, keeping the count of lines. False where the lines after it would be
/// misread without it: a section's header, or a value of several lines.
bool blank_line(std::string& text, unsigned line, std::string_view what) {
    const auto range = find_line(text, line);
    if (!range || range->begin == range->end) return false;
    const auto first = text.find_first_not_of(" \t", range->begin);
    if (first >= range->end || text[first] == '[') return false;
    constexpr std::array<std::string_view, 3> kOfSeveralLines{"parse_array", "multiline", "parse_ml_"};
    for (const auto name : kOfSeveralLines) {
        if (what.find(name) != std::string_view::npos) return false;
    }
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(range->begin),
              text.begin() + static_cast<std::ptrdiff_t>(range->end), ' ');
    return true;
}

/// TOML is UTF-8. Of a string that is not, toml11 3.7 reads beyond its buffer.
void take_out_what_is_not_utf8(std::string& text, std::vector<ConfigProblem>& problems) {
    std::size_t begin = 0;
    for (unsigned line = 1; begin < text.size() && problems.size() < kMaxSyntaxProblems; ++line) {
        const auto end = std::min(text.find('\n', begin), text.size());
        if (!net::is_utf8(std::string_view(text).substr(begin, end - begin))) {
            problems.push_back({"", line, "not valid TOML: not UTF-8; save the file in this encoding"});
            blank_line(text, line, "");
        }
        begin = end + 1;
    }
    if (!problems.empty())
        std::ranges::replace_if(
            text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
}

}  // namespace

TomlDocument parse_toml(std::string_view text) {
    TomlDocument document;
    std::string rest(text);
    take_out_what_is_not_utf8(rest, document.problems);
    while (true) {
        try {
            std::istringstream stream(rest);
            const auto value = toml::parse(stream, "configuration");
            document.root = std::get<TomlNode::Table>(to_node(value).value);
            return document;
        } catch (const toml::exception& error) {
            const auto line = error.location().line();
            document.problems.push_back(
                {"", line,
                 "not valid TOML: " + what_is_wrong(error.what()) + "; expected KEY = VALUE or [SECTION]"});
            const bool full = document.problems.size() >= kMaxSyntaxProblems;
            if (!full && blank_line(rest, line, error.what())) continue;
        } catch (const std::exception&) {
            document.problems.push_back({"", 0, "not valid TOML; expected a TOML 1.0 document"});
        }
        document.complete = false;
        return document;
    }
}

std::string_view type_name(const TomlNode& node) {
    constexpr std::array<std::string_view, 7> kNames{"a boolean",        "an integer", "a float",  "a string",
                                                     "a date or a time", "a list",     "a section"};
    static_assert(kNames.size() == std::variant_size_v<decltype(node.value)>);
    return kNames[node.value.index()];
}

}  // namespace server
