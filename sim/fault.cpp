#include "sim/fault.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/api_version.h"
#include "base/trimmed.h"
#include "sim/units.h"

namespace sim {
namespace {

template <class T, std::size_t N>
using Names = std::array<std::pair<std::string_view, T>, N>;

constexpr Names<FaultKind, 11> kKinds{{{"drop", FaultKind::Drop},
                                       {"stop", FaultKind::Stop},
                                       {"resume", FaultKind::Resume},
                                       {"silent", FaultKind::Silent},
                                       {"restart", FaultKind::Restart},
                                       {"api-version", FaultKind::ApiVersion},
                                       {"malformed", FaultKind::Malformed},
                                       {"answer", FaultKind::Answer},
                                       {"half-frame", FaultKind::HalfFrame},
                                       {"shutdown", FaultKind::Shutdown},
                                       {"status", FaultKind::Status}}};

constexpr Names<Malformation, 6> kMalformations{{{"bad-json", Malformation::BadJson},
                                                 {"unknown-kind", Malformation::UnknownKind},
                                                 {"missing-id", Malformation::MissingId},
                                                 {"garbage", Malformation::Garbage},
                                                 {"half-utf8", Malformation::HalfUtf8},
                                                 {"oversize", Malformation::Oversize}}};

constexpr Names<base::Filter, 3> kEndpoints{
    {{"main", base::Filter::Main}, {"deploys", base::Filter::Deploys}, {"sigs", base::Filter::Sigs}}};

constexpr Names<bool, 2> kIds{{{"keep", false}, {"reset", true}}};
constexpr Names<bool, 2> kBuffers{{{"keep", true}, {"empty", false}}};
constexpr Names<bool, 2> kWays{{{"close", false}, {"reset", true}}};

template <class T, std::size_t N>
std::optional<T> find(const Names<T, N>& names, std::string_view wanted) {
    for (const auto& [name, value] : names) {
        if (name == wanted) return value;
    }
    return std::nullopt;
}

template <class T, std::size_t N>
std::string list(const Names<T, N>& names) {
    std::string out;
    for (const auto& [name, value] : names) out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

using Problem = std::optional<base::Error>;

template <class T>
Problem store(base::Result<T> value, auto& out) {
    if (!value) return value.error();
    out = static_cast<std::decay_t<decltype(*value)>>(*value);
    return std::nullopt;
}

template <class T, std::size_t N>
Problem choose(std::string_view key, std::string_view value, const Names<T, N>& names, auto& out) {
    const auto found = find(names, value);
    if (!found) {
        return base::invalid(std::string(key) + "=" + std::string(value) + " is not one of: " + list(names));
    }
    out = *found;
    return std::nullopt;
}

// Reads the words of one fault into a ScheduledFault.
class FaultReader {
  public:
    explicit FaultReader(std::size_t nodes) : nodes_(nodes) {}

    Problem word(std::string_view text) {
        if (const auto equals = text.find('='); equals != std::string_view::npos) {
            return member(text.substr(0, equals), text.substr(equals + 1));
        }
        if (text.front() >= '0' && text.front() <= '9') return member("at", text);
        return kind(text);
    }

    Problem member(std::string_view key, std::string_view value) {
        auto& fault = result_.fault;
        if (key == "kind") return kind(value);
        if (key == "at") return at(value);
        if (key == "every") return every(value);
        if (key == "node") return node(value);
        if (key == "for") return store(parse_duration(value), fault.duration);
        if (key == "endpoint") return endpoint(value);
        if (key == "what") return choose(key, value, kMalformations, fault.malformation);
        if (key == "size") return store(parse_size(value), fault.size);
        if (key == "status") return status(value);
        if (key == "version") return copy(value, fault.version);
        if (key == "network") return copy(value, fault.network);
        if (key == "ids") return choose(key, value, kIds, fault.reset_ids);
        if (key == "buffer") return choose(key, value, kBuffers, fault.keep_buffer);
        if (key == "how") return choose(key, value, kWays, fault.reset_connection);
        return base::invalid("unknown key '" + std::string(key) + "'");
    }

    base::Result<ScheduledFault> finish() {
        const auto& fault = result_.fault;
        if (result_.every && !has_time_) result_.at = *result_.every;
        if (!has_kind_) return base::invalid("it names no fault; write one of: " + list(kKinds));
        if (fault.kind == FaultKind::ApiVersion && !base::ApiVersion::parse(fault.version)) {
            return base::invalid("api-version needs version=MAJOR.MINOR.PATCH");
        }
        if (fault.kind == FaultKind::Status && fault.version.empty() && fault.network.empty()) {
            return base::invalid("status needs network=NAME or version=VERSION");
        }
        return result_;
    }

  private:
    Problem kind(std::string_view name) {
        if (has_kind_) return base::invalid("it names more than one fault");
        has_kind_ = true;
        return choose("kind", name, kKinds, result_.fault.kind);
    }

    Problem at(std::string_view value) {
        has_time_ = true;
        return store(parse_duration(value), result_.at);
    }

    Problem every(std::string_view value) {
        if (auto problem = store(parse_duration(value), result_.every)) return problem;
        if (*result_.every < std::chrono::milliseconds(1)) return base::invalid("every must be at least 1ms");
        return std::nullopt;
    }

    Problem node(std::string_view value) {
        if (value == "all") return std::nullopt;
        const auto number = parse_number(value);
        if (!number || *number < 1 || *number > nodes_) {
            return base::invalid("node must be a number from 1 to " + std::to_string(nodes_) + ", or all");
        }
        result_.fault.node = *number - 1;
        return std::nullopt;
    }

    Problem endpoint(std::string_view value) {
        if (value == "all") return std::nullopt;
        return choose("endpoint", value, kEndpoints, result_.fault.endpoint);
    }

    Problem status(std::string_view value) {
        const auto number = parse_number(value);
        if (!number || *number < 400 || *number > 599) return base::invalid("status must be from 400 to 599");
        result_.fault.status = static_cast<unsigned>(*number);
        return std::nullopt;
    }

    static Problem copy(std::string_view value, std::string& out) {
        out = value;
        return std::nullopt;
    }

    std::size_t nodes_;
    bool has_kind_ = false;
    bool has_time_ = false;
    ScheduledFault result_;
};

base::Error explain(std::string_view text, const base::Error& error) {
    return base::invalid("fault '" + std::string(text) + "': " + error.message);
}

base::Result<ScheduledFault> read_json(const nlohmann::json& object, std::size_t nodes) {
    const auto text = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (!object.is_object()) return explain(text, base::invalid("it is not an object"));
    FaultReader reader(nodes);
    for (const auto& [key, value] : object.items()) {
        const auto word = value.is_string() ? value.get<std::string>() : value.dump();
        if (auto problem = reader.member(key, word)) return explain(text, *problem);
    }
    auto fault = reader.finish();
    if (!fault) return explain(text, fault.error());
    fault->fault.text = text;
    return fault;
}

base::Result<std::vector<ScheduledFault>> read_all_json(std::string_view body, std::size_t nodes) {
    auto document = nlohmann::json::parse(body, nullptr, false);
    if (document.is_discarded()) return base::invalid("the body is not JSON");
    if (!document.is_array()) document = nlohmann::json::array({document});
    std::vector<ScheduledFault> faults;
    for (const auto& object : document) {
        auto fault = read_json(object, nodes);
        if (!fault) return fault.error();
        faults.push_back(std::move(*fault));
    }
    return faults;
}

}  // namespace

base::Result<ScheduledFault> parse_fault(std::string_view text, std::size_t nodes) {
    FaultReader reader(nodes);
    for (auto rest = text;;) {
        const auto begin = rest.find_first_not_of(base::kBlanks);
        if (begin == std::string_view::npos) break;
        rest.remove_prefix(begin);
        const auto word = rest.substr(0, rest.find_first_of(base::kBlanks));
        rest.remove_prefix(word.size());
        if (auto problem = reader.word(word)) return explain(text, *problem);
    }
    auto fault = reader.finish();
    if (!fault) return explain(text, fault.error());
    fault->fault.text = text;
    return fault;
}

base::Result<std::vector<ScheduledFault>> parse_faults(std::string_view body, std::size_t nodes) {
    const auto begin = body.find_first_not_of(base::kBlanks);
    if (begin == std::string_view::npos) return base::invalid("the body is empty");
    if (body[begin] == '{' || body[begin] == '[') return read_all_json(body, nodes);

    std::vector<ScheduledFault> faults;
    while (!body.empty()) {
        const auto line = body.substr(0, body.find('\n'));
        body.remove_prefix(std::min(line.size() + 1, body.size()));
        if (line.find_first_not_of(base::kBlanks) == std::string_view::npos) continue;
        auto fault = parse_fault(line, nodes);
        if (!fault) return fault.error();
        faults.push_back(std::move(*fault));
    }
    return faults;
}

std::string_view fault_help() {
    return R"(Faults: "[TIME] [every=TIME] [node=N|all] KIND [key=value]..."
  TIME counts from the beginning of production (at the control port: from now); without it, at once.
  Nodes are counted from 1; without node=, all of them. endpoint= is main, deploys, sigs or all (the default).

  drop        [endpoint=] [how=close|reset]     close connections; reset sends a TCP reset
  stop        [for=TIME]                        close all and listen no more, for a time or until resume
  silent      [endpoint=] [for=TIME]            keep connections, send nothing, not even keep-alives
  answer      [status=500] [endpoint=] [for=TIME]  answer new requests with an HTTP error
  status      [network=NAME] [version=V] [for=TIME]  tell something else in /status
  resume                                        end stop, silent, answer and status
  restart     [for=TIME] [ids=keep|reset] [buffer=keep|empty]  drop, be away for the time, come back
  shutdown    [for=TIME] [ids=keep|reset] [buffer=keep|empty]  send Shutdown on all endpoints, close, stay away
                                                for the time, or until resume
  api-version version=V                         announce another version to all subscribers
  half-frame  [endpoint=]                       break off in the middle of the next event
  malformed   [what=KIND] [endpoint=]           send one of: bad-json (default), unknown-kind, half-utf8,
                                                oversize (with size=70MB): these have an id and are replayed;
                                                missing-id, garbage: sent once
)";
}

}  // namespace sim
