#include "server/config_docs.h"

#include "server/config_table.h"

namespace server {
namespace {

std::string text_of(const ConfigValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "`true`" : "`false`";
    if (const auto* number = std::get_if<std::int64_t>(&value)) return "`" + std::to_string(*number) + "`";
    if (const auto* text = std::get_if<std::string>(&value)) return "`\"" + *text + "\"`";
    const auto* list = std::get_if<std::vector<std::string>>(&value);
    if (list == nullptr) return "none";
    std::string text;
    for (const auto& element : *list) text += (text.empty() ? "\"" : ", \"") + element + "\"";
    return "`[" + text + "]`";
}

std::string default_of(const KeyRow& row) {
    if (row.rule.required) return "**required**";
    if (!row.rule.default_text.empty()) return std::string(row.rule.default_text);
    return text_of(row.read(default_draft()));
}

std::string table_row(const KeyRow& row) {
    std::string help(row.help);
    if (!row.rule.environment.empty())
        help += " `" + std::string(row.rule.environment) + "` wins over the file.";
    return "| `" + std::string(row.name) + "` | " + default_of(row) + " | " + expected(row) + " | " + help +
           " |\n";
}

std::string title_of(const SectionRow& section) {
    return section.section == Section::Top ? "Top level" : "`" + std::string(section.header) + "`";
}

}  // namespace

std::string render_key_tables() {
    std::string text;
    for (const auto& section : config_sections()) {
        text += "\n### " + title_of(section) + "\n\n" + std::string(section.help);
        if (section.required) text += " Required.";
        text += "\n\n| Key | Default | Takes | Meaning |\n|---|---|---|---|\n";
        for (const auto& row : config_keys()) {
            if (row.section == section.section) text += table_row(row);
        }
    }
    return text;
}

}  // namespace server
