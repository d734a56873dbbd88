#include "payload_set.h"

#include <cstdint>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "upstream/classifier.h"

namespace perf {

namespace {

constexpr std::size_t kHashSize = 32;

std::string hex_of(const base::KeyBytes& bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

/// Another hash, which depends on this one and the copy alone.
base::KeyBytes other_hash(base::KeyBytes hash, std::size_t copy) {
    std::uint64_t state = copy * 0x9E3779B97F4A7C15U;
    for (auto& byte : hash) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        byte ^= static_cast<std::uint8_t>(state >> 32U);
    }
    return hash;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

base::Event classified(std::string payload) {
    upstream::Classifier classifier;
    base::Event event;
    if (!classifier.classify(payload, event))
        throw std::runtime_error("not an event: " + payload.substr(0, 80));
    event.filter = base::row_of(event.kind).filter;
    event.payload = std::move(payload);
    return event;
}

}  // namespace

std::vector<base::Event> read_payloads(const std::vector<std::filesystem::path>& files) {
    std::vector<base::Event> events;
    std::set<std::tuple<base::Kind, base::KeyBytes, base::KeyBytes>> known;
    upstream::Classifier classifier;
    for (const auto& file : files) {
        std::ifstream lines(file);
        if (!lines) throw std::runtime_error("cannot read " + file.string());
        for (std::string line; std::getline(lines, line);) {
            base::Event event;
            if (!classifier.classify(line, event) || event.key.first.empty()) continue;
            if (!known.emplace(event.kind, event.key.first, event.key.second).second) continue;
            event.filter = base::row_of(event.kind).filter;
            event.payload = std::move(line);
            events.push_back(std::move(event));
        }
    }
    return events;
}

base::Event copy_of(const base::Event& event, std::size_t copy) {
    if (copy == 0) return event;
    auto payload = event.payload;
    for (const auto* hash : {&event.key.first, &event.block_hash}) {
        if (hash->size() == kHashSize) replace_all(payload, hex_of(*hash), hex_of(other_hash(*hash, copy)));
    }
    constexpr std::size_t kErasApart = 100'000;
    if (event.era) {
        replace_all(payload, fmt::format("\"era_id\":{}", *event.era),
                    fmt::format("\"era_id\":{}", *event.era + copy * kErasApart));
    }
    return classified(std::move(payload));
}

}  // namespace perf
