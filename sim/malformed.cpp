#include "sim/malformed.h"

#include <algorithm>

namespace sim {
namespace {

constexpr std::uint64_t kDefaultOversize = 70'000'000;

std::string_view kind_at(base::Filter filter) {
    switch (filter) {
        case base::Filter::Deploys:
            return "DeployAccepted";
        case base::Filter::Sigs:
            return "FinalitySignature";
        default:
            return "BlockAdded";
    }
}

std::string payload_of(const Fault& fault, base::Filter filter) {
    const auto head = "{\"" + std::string(kind_at(filter)) + "\":{\"block_hash\":\"";
    switch (fault.malformation) {
        case Malformation::UnknownKind:
            return R"({"BlockFinalized":{"block_hash":"none","height":0}})";
        case Malformation::HalfUtf8:
            return head + "\xe2\x82\"}}";
        case Malformation::Oversize: {
            const auto size = fault.size == 0 ? kDefaultOversize : fault.size;
            return head + std::string(size - std::min<std::uint64_t>(size, head.size() + 3), 'f') + "\"}}";
        }
        default:
            return head + "00";
    }
}

}  // namespace

bool is_buffered(Malformation malformation) {
    return malformation != Malformation::MissingId && malformation != Malformation::Garbage;
}

EventPtr malformed_event(const Fault& fault, base::Filter filter) {
    auto event = std::make_shared<LogicalEvent>();
    event->filter = filter;
    event->kind = base::kind_named(kind_at(filter)).value();
    event->payload = payload_of(fault, filter);
    return event;
}

std::string malformed_frame(Malformation malformation, const std::string& sample) {
    if (malformation == Malformation::Garbage) return "\x01 this line is no field \xff\n\n";
    return "data:" + (sample.empty() ? R"({"DeployExpired":{"deploy_hash":"none"}})" : sample) + "\n\n";
}

}  // namespace sim
