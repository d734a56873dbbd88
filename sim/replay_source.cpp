#include "sim/replay_source.h"

#include <algorithm>

#include "base/api_version.h"
#include "base/trimmed.h"

namespace sim {
namespace {

std::string_view skip_blanks(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(base::kBlanks), text.size()));
}

// Takes a string that needs no unescaping off the front; nothing if there is none.
std::optional<std::string_view> take_string(std::string_view& text) {
    text = skip_blanks(text);
    if (!text.starts_with('"')) return std::nullopt;
    const auto end = text.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto value = text.substr(1, end - 1);
    text = skip_blanks(text.substr(end + 1));
    return value;
}

void drop_carriage_return(std::string& line) {
    if (line.ends_with('\r')) line.pop_back();
}

}  // namespace

std::optional<base::Kind> kind_of_payload(std::string_view payload) {
    auto rest = skip_blanks(payload);
    const bool object = rest.starts_with('{');
    if (object) rest.remove_prefix(1);
    const auto name = take_string(rest);
    if (!name) return std::nullopt;
    const auto kind = base::kind_named(*name);
    const bool bare = kind == base::Kind::Shutdown;
    if (bare == object || (object && !rest.starts_with(':')) || (bare && !rest.empty())) return std::nullopt;
    return kind;
}

std::string version_of_payload(std::string_view payload) {
    if (kind_of_payload(payload) != base::Kind::ApiVersion) return {};
    payload.remove_prefix(payload.find(':') + 1);
    const auto version = take_string(payload);
    if (!version || !base::ApiVersion::parse(*version)) return {};
    return std::string(*version);
}

base::Result<std::unique_ptr<ReplaySource>> ReplaySource::open(const std::filesystem::path& file) {
    std::ifstream input(file);
    if (!input) return base::invalid("cannot read " + file.string());
    std::string line;
    for (std::uint64_t number = 1; std::getline(input, line); ++number) {
        if (skip_blanks(line).empty()) continue;
        const auto kind = kind_of_payload(line);
        if (!kind || (kind == base::Kind::ApiVersion && version_of_payload(line).empty())) {
            return base::invalid(file.string() + ", line " + std::to_string(number) +
                                 ": not an event of a known kind");
        }
    }
    input.clear();
    input.seekg(0);
    return std::unique_ptr<ReplaySource>(new ReplaySource(std::move(input)));
}

std::optional<LogicalEvent> ReplaySource::next() {
    std::string line;
    while (std::getline(input_, line)) {
        drop_carriage_return(line);
        const auto kind = kind_of_payload(line);
        if (!kind) continue;
        LogicalEvent event;
        event.kind = *kind;
        event.filter = base::row_of(*kind).filter;
        event.payload = std::move(line);
        return event;
    }
    return std::nullopt;
}

}  // namespace sim
