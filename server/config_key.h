#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "server/config.h"

namespace server {

/// The parts of a configuration while it is read, one of each; `upstream::NodeOptions` is the connection at
/// hand.
using ConfigDraft = std::tuple<Config, upstream::NodeOptions, storage::Options, storage::SqliteOptions,
                               storage::PostgresqlOptions, storage::RetentionOptions, rest::Options,
                               stream::Options, admin::Options, tls::Options>;

enum class Section {
    Top,
    Connections,
    Storage,
    Sqlite,
    Postgresql,
    Retention,
    RestServer,
    EventStreamServer,
    AdminServer,
    Tls,
};

struct SectionRow {
    Section section;
    Section parent;  ///< Top's is Top
    std::string_view name;
    std::string_view header;  ///< as it stands in the file
    bool required;
    std::string_view help;
};

/// A value as it stands in the file; monostate: none.
using ConfigValue = std::variant<std::monostate, bool, std::int64_t, std::string, std::vector<std::string>>;

enum class ValueType { Boolean, Integer, String, StringList };

/// What a string must look like.
enum class TextFormat { NotEmpty, Any, IpAddress, Host, SocketPath, Network };

inline constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

/// What a value must satisfy, and what is said of it.
struct KeyRule {
    bool required = false;
    bool secret = false;  ///< its value stands in no message
    std::int64_t min = 0;
    std::int64_t max = kNoLimit;
    TextFormat format = TextFormat::NotEmpty;
    std::vector<std::string_view> choices{};  ///< the only strings allowed; empty: any
    std::string_view environment{};           ///< the variable that wins over the file
    std::string_view default_text{};          ///< where the default is no plain value
};

/// One key: all that the loader, the messages and the documentation know of it.
struct KeyRow {
    Section section;
    std::string_view name;
    ValueType type;
    KeyRule rule;
    std::string_view help;
    std::function<ConfigValue(const ConfigDraft&)> read;
    std::function<void(ConfigDraft&, const ConfigValue&)> write;
};

/// "an integer, 1 or more": what the key takes.
[[nodiscard]] std::string expected(const KeyRow& row);

/// What is wrong with a value of the right type, if anything: "is 0".
[[nodiscard]] std::optional<std::string> fault_of(const KeyRow& row, const ConfigValue& value);

/// A string as messages show it: quoted, on one line, not too long.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace server
