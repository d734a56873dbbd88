#include "rest/large_payloads.h"

#include <fmt/format.h>

#include "rest/cutting.h"

namespace rest {

base::Result<net::SharedBody> LargePayloads::read(const LargePart& part) {
    auto payload = finder_.read_large(part.number);
    if (!payload) return payload.error();
    if (!*payload) return base::unavailable("the event was deleted meanwhile");
    {
        const std::lock_guard lock(mutex_);
        held_.insert_or_assign(part.number, *payload);
    }
    if (part.whole) return net::SharedBody{*payload, **payload};
    const auto inner = inner_of(**payload);
    if (!inner) {
        return base::corrupt(fmt::format("large payload {} is not one object with one member", part.number));
    }
    return net::SharedBody{*payload, *inner};
}

bool LargePayloads::full() {
    std::size_t bytes = 0;
    const std::lock_guard lock(mutex_);
    for (auto entry = held_.begin(); entry != held_.end();) {
        const auto payload = entry->second.lock();
        if (payload) bytes += payload->size();
        entry = payload ? std::next(entry) : held_.erase(entry);
    }
    return bytes >= most_bytes_;
}

}  // namespace rest
