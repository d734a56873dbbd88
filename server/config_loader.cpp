#include "server/config_loader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unistd.h>

#include "server/config_suggest.h"

namespace server {
namespace {

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "event-sidecar";
    return name.data();
}

std::string join_path(const std::string& section, std::string_view name) {
    return section.empty() ? std::string(name) : section + "." + std::string(name);
}

/// The node's value as the row's type, or nothing.
std::optional<ConfigValue> value_of(const KeyRow& row, const TomlNode& node) {
    switch (row.type) {
        case ValueType::Boolean:
            if (const auto* flag = std::get_if<bool>(&node.value)) return *flag;
            return std::nullopt;
        case ValueType::Integer:
            if (const auto* number = std::get_if<std::int64_t>(&node.value)) return *number;
            return std::nullopt;
        case ValueType::String:
            if (const auto* text = std::get_if<std::string>(&node.value)) return *text;
            return std::nullopt;
        case ValueType::StringList:
            break;
    }
    const auto* array = std::get_if<TomlNode::Array>(&node.value);
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> list;
    for (const auto& element : *array) {
        const auto* text = std::get_if<std::string>(&element.value);
        if (text == nullptr) return std::nullopt;
        list.push_back(*text);
    }
    return list;
}

/// A variable's text as the row's type, or nothing.
std::optional<ConfigValue> value_of(const KeyRow& row, const std::string& text) {
    if (row.type == ValueType::String) return text;
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

class Loader {
  public:
    explicit Loader(const Environment& environment) : environment_(environment), draft_(default_draft()) {}

    LoadedConfig load(const TomlNode::Table& root) {
        load_entries(root, Section::Top, "");
        choose_database();
        if (loaded_.has("admin_server")) load_environment(Section::AdminServer);
        require_sections();
        assemble();
        return std::move(loaded_);
    }

  private:
    void load_entries(const TomlNode::Table& table, Section section, const std::string& path) {
        for (const auto& [key, node] : table) {
            const auto key_path = join_path(path, key);
            if (const auto* row = find_key(section, key)) {
                load_value(*row, node, key_path);
            } else if (const auto* child = find_section(section, key)) {
                load_section(*child, node, key_path);
            } else {
                loaded_.problems.push_back({key_path, node.line, unknown_message(section, key, node)});
            }
        }
        require_keys(section, path);
    }

    void load_section(const SectionRow& row, const TomlNode& node, const std::string& path) {
        if (row.section == Section::Connections) return load_connections(node, path);
        loaded_.lines[path] = node.line;
        if (const auto* table = std::get_if<TomlNode::Table>(&node.value)) {
            return load_entries(*table, row.section, path);
        }
        wrong_type(path, node, "the section " + std::string(row.header));
    }

    void load_connections(const TomlNode& node, const std::string& path) {
        loaded_.lines[path] = node.line;
        const auto* array = std::get_if<TomlNode::Array>(&node.value);
        if (array == nullptr) return wrong_type(path, node, "[[connections]], one section for each node");
        for (std::size_t i = 0; i < array->size(); ++i) load_connection((*array)[i], i);
        if (array->empty()) loaded_.add(path, "is empty; expected at least one [[connections]]");
    }

    void load_connection(const TomlNode& node, std::size_t index) {
        const auto path = "connections[" + std::to_string(index) + "]";
        loaded_.lines[path] = node.line;
        auto& connection = std::get<upstream::NodeOptions>(draft_);
        connection = {};
        if (const auto* table = std::get_if<TomlNode::Table>(&node.value)) {
            load_entries(*table, Section::Connections, path);
        } else {
            wrong_type(path, node, "a section [[connections]]");
        }
        loaded_.config.connections.push_back(connection);
    }

    void load_value(const KeyRow& row, const TomlNode& node, const std::string& path) {
        loaded_.lines[path] = node.line;
        const auto value = value_of(row, node);
        if (!value) return wrong_type(path, node, expected(row));
        if (const auto fault = fault_of(row, *value))
            return loaded_.add(path, *fault + "; expected " + expected(row));
        row.write(draft_, *value);
    }

    void wrong_type(const std::string& path, const TomlNode& node, const std::string& what) {
        const auto* array = std::get_if<TomlNode::Array>(&node.value);
        const bool of_strings = array != nullptr && what.starts_with("a list of");
        const auto type = of_strings ? std::string_view("a list of something else") : type_name(node);
        loaded_.problems.push_back({path, node.line, "is " + std::string(type) + "; expected " + what});
    }

    void require_keys(Section section, const std::string& path) {
        for (const auto& row : config_keys()) {
            const auto key_path = join_path(path, row.name);
            if (row.section != section || !row.rule.required || loaded_.has(key_path)) continue;
            loaded_.add_missing(key_path, "is missing; expected " + expected(row));
        }
    }

    void require_sections() {
        for (const auto& row : config_sections()) {
            if (!row.required || loaded_.has(path_of(row.section))) continue;
            std::string message = "is missing; expected the section " + std::string(row.header);
            std::string_view joint = " with ";
            for (const auto& key : config_keys()) {
                if (key.section != row.section || !key.rule.required) continue;
                message += std::string(joint) + std::string(key.name);
                joint = ", ";
            }
            loaded_.add_missing(path_of(row.section), std::move(message));
        }
    }

    void load_environment(Section section) {
        for (const auto& row : config_keys()) {
            if (row.section == section && !row.rule.environment.empty()) load_variable(row);
        }
    }

    void load_variable(const KeyRow& row) {
        const auto text = environment_(row.rule.environment);
        if (!text) return;
        const auto value = value_of(row, *text);
        const auto fault =
            value ? fault_of(row, *value) : std::optional(text->empty() ? "is empty" : "is " + quote(*text));
        if (!fault) return row.write(draft_, *value);
        loaded_.problems.push_back({std::string(row.rule.environment), 0,
                                    "environment variable " + *fault + "; expected " + expected(row)});
    }

    [[nodiscard]] bool environment_names_postgresql() const {
        const auto keys = config_keys();
        return std::any_of(keys.begin(), keys.end(), [this](const KeyRow& row) {
            return row.section == Section::Postgresql && !row.rule.environment.empty() &&
                   environment_(row.rule.environment).has_value();
        });
    }

    /// A file's sqlite_config wins over variables that stand in the environment for something else.
    void choose_database() {
        const std::string sqlite = path_of(Section::Sqlite);
        const std::string postgresql = path_of(Section::Postgresql);
        if (loaded_.has(sqlite) && loaded_.has(postgresql)) {
            loaded_.add(postgresql, "is given beside [" + sqlite + "]; expected exactly one of the two");
        }
        uses_postgresql_ =
            !loaded_.has(sqlite) && (loaded_.has(postgresql) || environment_names_postgresql());
        if (uses_postgresql_) return load_environment(Section::Postgresql);
        if (loaded_.has(sqlite) || !loaded_.has("storage")) return;
        loaded_.add_missing("storage", "names no database; expected exactly one of [" + sqlite + "] and [" +
                                           postgresql + "], or SIDECAR_POSTGRES_* variables");
    }

    void assemble() {
        auto& config = loaded_.config;
        auto connections = std::move(config.connections);
        config = std::get<Config>(draft_);
        config.connections = std::move(connections);
        config.storage = std::get<storage::Options>(draft_);
        if (config.storage.instance_name.empty()) config.storage.instance_name = host_name();
        if (uses_postgresql_) {
            config.storage.database = std::get<storage::PostgresqlOptions>(draft_);
        } else {
            auto& sqlite = std::get<storage::SqliteOptions>(draft_);
            sqlite.directory = config.storage.storage_path;
            config.storage.database = sqlite;
        }
        config.rest_server = std::get<rest::Options>(draft_);
        config.event_stream_server = std::get<stream::Options>(draft_);
        if (loaded_.has(path_of(Section::Retention))) {
            config.storage.retention = std::get<storage::RetentionOptions>(draft_);
        }
        if (loaded_.has("admin_server")) config.admin_server = std::get<admin::Options>(draft_);
        if (loaded_.has("tls")) config.tls = std::get<tls::Options>(draft_);
    }

    const Environment& environment_;
    ConfigDraft draft_;
    LoadedConfig loaded_;
    bool uses_postgresql_ = false;
};

}  // namespace

unsigned LoadedConfig::line_of(const std::string& path) const {
    if (const auto found = lines.find(path); found != lines.end()) return found->second;
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? 0 : line_of(path.substr(0, dot));
}

bool LoadedConfig::sound(const std::string& path) const {
    return std::none_of(problems.begin(), problems.end(),
                        [&](const auto& problem) { return problem.key == path; });
}

void LoadedConfig::add(const std::string& path, std::string message) {
    problems.push_back({path, line_of(path), std::move(message)});
}

void LoadedConfig::add_missing(const std::string& path, std::string message) {
    missing.push_back({path, line_of(path), std::move(message)});
}

LoadedConfig load_document(const TomlNode::Table& root, const Environment& environment) {
    return Loader(environment).load(root);
}

}  // namespace server
