#include "server/log_address.h"

#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "server/transfer_config.h"
#include "storage/rust_postgresql_history.h"

namespace server {

namespace {

base::Error no_uri() {
    return base::invalid(
        "expected postgresql://USER@HOST:PORT/DATABASE; what else libpq needs is given as PGPASSWORD, "
        "PGSSLMODE …");
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        unsigned value = 0;
        const auto digits = text.substr(i + 1, 2);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
        decoded += static_cast<char>(value);
        i += 2;
    }
    return decoded;
}

/// Cuts off what stands before the separator; nothing, and leaves the text, when there is none.
std::optional<std::string_view> take_until(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    const auto before = text.substr(0, at);
    text.remove_prefix(at + 1);
    return before;
}

base::Result<storage::PostgresqlOptions> parse_uri(std::string_view text) {
    storage::PostgresqlOptions options;
    text.remove_prefix(text.find("://") + 3);
    if (text.find('?') != std::string_view::npos) return no_uri();
    auto place = take_until(text, '/').value_or(text);
    if (auto user = take_until(place, '@')) {
        const auto name = take_until(*user, ':');
        if (name) options.database_password = percent_decoded(*user).value_or("");
        options.database_username = percent_decoded(name.value_or(*user)).value_or("");
    }
    if (const auto colon = place.rfind(':'); colon != std::string_view::npos && !place.ends_with(']')) {
        const auto digits = place.substr(colon + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), options.port);
        if (error != std::errc{} || end != digits.data() + digits.size()) return no_uri();
        place = place.substr(0, colon);
    }
    if (place.starts_with('[') && place.ends_with(']')) place = place.substr(1, place.size() - 2);
    if (!place.empty()) options.host = percent_decoded(place).value_or("");
    if (text.data() != place.data() && !text.empty())
        options.database_name = percent_decoded(text).value_or("");
    if (options.host.empty() || options.database_name.empty() || options.database_username.empty())
        return no_uri();
    return options;
}

}  // namespace

base::Result<storage::Options> find_log(const std::string& database, const std::string& config_file,
                                        const Environment& environment) {
    if (database.empty()) {
        auto config = load_for_transfer(config_file, environment);
        if (!config) return config.error();
        return std::move(config->storage);
    }
    storage::Options options;
    if (storage::is_postgresql_uri(database)) {
        auto parsed = parse_uri(database);
        if (!parsed) return parsed.error();
        options.database = std::move(*parsed);
        return options;
    }
    storage::SqliteOptions sqlite;
    const std::filesystem::path file(database);
    sqlite.directory = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    sqlite.file_name = file.filename().string();
    options.database = std::move(sqlite);
    return options;
}

std::filesystem::path sqlite_file(const storage::Options& options) {
    const auto& sqlite = std::get<storage::SqliteOptions>(options.database);
    return sqlite.directory / sqlite.file_name;
}

std::string log_arguments(const std::string& database, const std::string& config_file) {
    return database.empty() ? "--path-to-config " + config_file : database;
}

}  // namespace server
