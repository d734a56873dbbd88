#pragma once

#include <array>
#include <fmt/format.h>
#include <string>

#include "base/event_kind.h"

namespace support {

/// The kinds whose payload is an object.
inline constexpr std::array kObjectKinds{
    base::Kind::BlockAdded,    base::Kind::DeployAccepted, base::Kind::DeployProcessed,
    base::Kind::DeployExpired, base::Kind::Fault,          base::Kind::FinalitySignature,
    base::Kind::Step};

/// 64 digits that `number` alone determines.
inline std::string hash_text(std::uint64_t number) {
    return fmt::format("{:064x}", number);
}

/// What the event's one member holds: small, with every member of its natural key, odd white space in it.
inline std::string inner_payload(base::Kind kind, std::uint64_t number) {
    const auto hash = hash_text(number);
    switch (kind) {
        case base::Kind::BlockAdded:
            return fmt::format(R"({{"block_hash":"{0}","block":{{"hash":"{0}","header":{{"height":{1}}}}}}})",
                               hash, number);
        case base::Kind::DeployAccepted:
            return fmt::format(R"({{"hash":"{}","header":{{ "note":"\u00e9 {}" }}}})", hash, "\xc3\xa9");
        case base::Kind::DeployProcessed:
            return fmt::format(R"({{"deploy_hash":"{}","execution_result":{{"Success":{{}}}}}})", hash);
        case base::Kind::DeployExpired:
            return fmt::format(R"({{"deploy_hash":"{}"}})", hash);
        case base::Kind::Fault:
            return fmt::format(R"({{"era_id":{},"public_key":"01{}"}})", number, hash);
        case base::Kind::FinalitySignature:
            return fmt::format(R"({{"block_hash":"{0}","era_id":1,"public_key":"01{0}"}})", hash);
        case base::Kind::Step:
            return fmt::format(R"({{"era_id":{},"execution_effect":{{"operations":[]}}}})", number);
        case base::Kind::ApiVersion:
        case base::Kind::Shutdown:
            break;
    }
    return {};
}

/// The event as a node sends it.
inline std::string payload(base::Kind kind, std::uint64_t number) {
    if (kind == base::Kind::Shutdown) return "\"Shutdown\"";
    return fmt::format(R"({{"{}":{}}})", base::row_of(kind).name, inner_payload(kind, number));
}

}  // namespace support
