#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/config.h"
#include "server/config_table.h"
#include "server/config_toml.h"

namespace server {

/// What a document says, key by key; whether the keys go together is checked by `config_checks`.
struct LoadedConfig {
    Config config;
    std::vector<ConfigProblem> problems;
    std::vector<ConfigProblem> missing;     ///< problems too, unless part of the document could not be read
    std::map<std::string, unsigned> lines;  ///< of every key and section that is set

    /// The line of the key, or of the nearest section around it that the file has; 0: none.
    [[nodiscard]] unsigned line_of(const std::string& path) const;
    [[nodiscard]] bool has(const std::string& path) const { return lines.contains(path); }
    /// Whether nothing was found wrong with the key.
    [[nodiscard]] bool sound(const std::string& path) const;
    void add(const std::string& path, std::string message);
    void add_missing(const std::string& path, std::string message);
};

/// Reads the document by the table of keys, then the environment's variables over it.
[[nodiscard]] LoadedConfig load_document(const TomlNode::Table& root, const Environment& environment);

}  // namespace server
