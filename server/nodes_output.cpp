#include "server/nodes_output.h"

#include <string_view>
#include <utility>

#include "server/text_table.h"

namespace server {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxError = 60;

/// One value on one line.
std::string text_of(const ordered_json& value) {
    if (value.is_string()) {
        const auto text = printable(value.get_ref<const std::string&>());
        return text.empty() ? "-" : text;
    }
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    if (value.is_number()) return value.dump();
    std::string list;
    if (value.is_array() || value.is_object()) {
        // Of an object of flags, such as the endpoints, those that are set.
        for (const auto& [key, element] : value.items()) {
            const bool flag = element.is_boolean();
            if (flag && !element.get<bool>()) continue;
            list += (list.empty() ? "" : ", ") + (flag ? printable(key) : text_of(element));
        }
    }
    return list.empty() ? "-" : list;
}

std::string text_of(const ordered_json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? "-" : text_of(*found);
}

/// A time of an answer without its milliseconds.
std::string seconds_of(const ordered_json& object, const char* key) {
    constexpr std::string_view kPattern = "2026-01-31T12:00:00";
    auto text = text_of(object, key);
    if (text.size() > kPattern.size()) text = text.substr(0, kPattern.size()) + "Z";
    return text;
}

std::string error_of(const ordered_json& object, const char* key) {
    auto text = text_of(object, key);
    return text == "-" ? std::string() : shortened(text, kMaxError);
}

/// What goes wrong, and what comes next.
std::string note_of(const ordered_json& node) {
    const auto state = text_of(node, "state");
    if (state == "running") return {};
    const auto error = error_of(node, "last_error");
    if (state != "repairing") return error;
    std::string note = "attempt " + text_of(node, "attempt") + " of " + text_of(node, "max_attempts");
    const auto next = seconds_of(node, "next_attempt");
    if (next != "-") note += ", next " + next;
    return error.empty() ? note : note + ": " + error;
}

/// Ids that were not read, a line for each gap.
std::string describe_gaps(const ordered_json& gaps) {
    std::string text = "gaps:\n";
    for (const auto& gap : gaps) {
        const auto last = text_of(gap, "last_id");
        text += "  " + seconds_of(gap, "at") + "  events/" + text_of(gap, "endpoint") + ": ids " +
                text_of(gap, "first_id") +
                (last == "-" ? " and on, until its ids began again" : " to " + last) + " were not read\n";
    }
    return text;
}

}  // namespace

std::string describe_nodes(const ordered_json& nodes) {
    TextTable table({"NAME", "STATE", "SINCE", "HEIGHT", "BEHIND", "VERSION", "CONDITIONS", "GAPS", ""});
    for (const auto& node : nodes) {
        table.add({text_of(node, "name"), text_of(node, "state"), seconds_of(node, "since"),
                   text_of(node, "height"), text_of(node, "blocks_behind"), text_of(node, "build_version"),
                   text_of(node, "conditions"), text_of(node, "gap_count"), note_of(node)});
    }
    return table.text();
}

std::string describe_node(const ordered_json& node) {
    std::string text;
    for (const auto& [key, value] : node.items()) {
        const bool gaps = key == "gaps" && value.is_array() && !value.empty();
        text += gaps ? describe_gaps(value) : printable(key) + ": " + text_of(value) + "\n";
    }
    return text;
}

std::string describe_state(const ordered_json& node) {
    return "node " + text_of(node, "name") + ": " + text_of(node, "state") + "\n";
}

std::string describe_history(const ordered_json& history) {
    TextTable table({"AT", "FROM", "TO", "CAUSE", "ATTEMPT", "HEIGHT", "VERSION", "MESSAGE"});
    for (const auto& entry : history) {
        table.add({seconds_of(entry, "at"), text_of(entry, "from"), text_of(entry, "to"),
                   text_of(entry, "cause"), text_of(entry, "attempt"), text_of(entry, "height"),
                   text_of(entry, "build_version"), error_of(entry, "message")});
    }
    return table.text();
}

}  // namespace server
