#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/raw_client.h"

namespace support {

/// What a client got.
struct Got {
    unsigned status = 0;
    std::string head;
    std::string body;

    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
    /// Of an error.
    [[nodiscard]] std::string message() const {
        const auto answer = json();
        if (!answer.is_object() || answer.value("code", 0U) != status) return "no error: " + body;
        return answer.value("message", "");
    }
};

/// One request over a connection of its own; `headers` as lines, each with its CR LF.
inline Got call(std::uint16_t port, std::string_view method, std::string_view target,
                std::string_view headers = {}, std::string_view body = {}) {
    RawClient client(port);
    client.send(
        fmt::format("{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}content-length: {}\r\n\r\n{}",
                    method, target, headers, body.size(), body));
    if (!client.read_to_end()) throw std::runtime_error("no end of the answer: " + client.received());
    const auto& all = client.received();
    if (!all.starts_with("HTTP/1.1 ")) throw std::runtime_error("no answer: " + all);
    return {static_cast<unsigned>(std::stoul(all.substr(9, 3))), head_of(all), body_of(all)};
}

}  // namespace support
