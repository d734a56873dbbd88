#include "base/log.h"

#include <cstdlib>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/log_level.h"

namespace base {
namespace {

/// %* : the message as the inside of a JSON string (RFC 8259, section 7).
class JsonMessageFlag final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        for (const char c : message.payload) append_escaped(c, out);
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JsonMessageFlag>();
    }

  private:
    static void append_escaped(char c, spdlog::memory_buf_t& out) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') out.push_back('\\');
        if (byte < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
            return;
        }
        out.push_back(c);
    }
};

std::optional<std::string> level_in(std::string_view text) {
    while (!text.empty()) {
        const auto comma = text.find(',');
        if (auto level = log_level_named(text.substr(0, comma))) return level;
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    return std::nullopt;
}

const char* value_of(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

LogOptions LogOptions::from_environment() {
    LogOptions options;
    const char* const name = value_of("LOG_LEVEL") != nullptr ? "LOG_LEVEL" : "RUST_LOG";
    if (const char* text = value_of(name)) {
        if (auto level = level_in(text)) {
            options.level = std::move(*level);
        } else {
            options.complaint = fmt::format(
                "{}={} is not a level; expected trace, debug, info, warn, error or off; using info", name,
                text);
        }
    }
    if (const char* text = value_of("LOG_FORMAT")) {
        const std::string_view format = text;
        if (format == "json") {
            options.format = Format::Json;
        } else if (format != "text") {
            options.complaint =
                fmt::format("LOG_FORMAT={} is unknown; expected text or json; using text", format);
        }
    }
    return options;
}

Log make_log(const LogOptions& options) {
    auto log =
        std::make_shared<spdlog::logger>("event-sidecar", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    if (options.format == LogOptions::Format::Json) {
        formatter->add_flag<JsonMessageFlag>('*').set_pattern(
            R"({"timestamp":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})");
    } else {
        formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v");
    }
    log->set_formatter(std::move(formatter));
    log->set_level(spdlog::level::from_str(options.level));
    log->flush_on(spdlog::level::info);
    return log;
}

Log make_null_log() {
    return std::make_shared<spdlog::logger>("null", std::make_shared<spdlog::sinks::null_sink_mt>());
}

std::optional<std::uint64_t> LogLimiter::pass(Clock::time_point now) {
    if (last_ && now - *last_ < interval_) {
        ++held_back_;
        return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_back_, 0);
}

}  // namespace base
