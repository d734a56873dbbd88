#include "test_events.h"

#include <chrono>
#include <future>
#include <gtest/gtest.h>
#include <random>
#include <utility>

namespace storage_test {

namespace {

base::KeyBytes bytes(std::uint64_t number, std::size_t size) {
    base::KeyBytes result;
    std::uint64_t state = number * 0x9E3779B97F4A7C15U + 1;
    for (std::size_t i = 0; i < size; ++i) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        result.push_back(static_cast<std::uint8_t>(state));
    }
    return result;
}

base::Event make(base::Kind kind, base::KeyBytes first, base::KeyBytes second = {}) {
    base::Event event;
    event.kind = kind;
    event.filter = base::row_of(kind).filter;
    event.key = {std::move(first), std::move(second)};
    event.payload =
        "{\"" + std::string(base::row_of(kind).name) + "\":\"" + std::to_string(event.key.first[0]) + "\"}";
    event.received = std::chrono::steady_clock::now();
    return event;
}

}  // namespace

base::KeyBytes hash(std::uint64_t number) {
    return bytes(number, 32);
}

base::KeyBytes public_key(std::uint64_t number) {
    auto key = bytes(number + 1'000'000, 33);
    key[0] = 1;
    return key;
}

base::KeyBytes era_key(std::uint64_t era) {
    base::KeyBytes key;
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<std::uint8_t>(era >> shift));
    return key;
}

base::Event block_added(std::uint64_t number) {
    auto event = make(base::Kind::BlockAdded, hash(number));
    event.block_hash = hash(number);
    event.height = number;
    event.era = number / 100;
    return event;
}

base::Event deploy_accepted(std::uint64_t number) {
    auto event = make(base::Kind::DeployAccepted, hash(number));
    event.account = public_key(number % 10);
    return event;
}

base::Event deploy_processed(std::uint64_t number) {
    auto event = make(base::Kind::DeployProcessed, hash(number));
    event.account = public_key(number % 10);
    event.block_hash = hash(number / 10);
    return event;
}

base::Event deploy_expired(std::uint64_t number) {
    return make(base::Kind::DeployExpired, hash(number));
}

base::Event fault(std::uint64_t era, std::uint64_t validator) {
    auto event = make(base::Kind::Fault, era_key(era), public_key(validator));
    event.era = era;
    return event;
}

base::Event signature(std::uint64_t block, std::uint64_t validator) {
    auto event = make(base::Kind::FinalitySignature, hash(block), public_key(validator));
    event.block_hash = hash(block);
    event.era = block / 100;
    event.payload.resize(345, 's');
    return event;
}

base::Event step(std::uint64_t era, std::size_t payload_size) {
    auto event = make(base::Kind::Step, era_key(era));
    event.era = era;
    event.payload.clear();
    while (event.payload.size() < payload_size) event.payload += std::to_string(event.payload.size()) + ",";
    event.payload.resize(payload_size);
    return event;
}

base::Event incompressible_step(std::uint64_t era, std::size_t payload_size) {
    auto event = step(era, payload_size);
    std::mt19937 random(static_cast<std::mt19937::result_type>(era));
    for (auto& c : event.payload) c = static_cast<char>(0x20 + random() % 0xe0);
    return event;
}

base::Event shutdown(base::Filter filter, std::uint32_t occurrence) {
    auto event = make(base::Kind::Shutdown, {'n', 'o', 'd', 'e'},
                      {static_cast<std::uint8_t>(filter), static_cast<std::uint8_t>(occurrence)});
    event.filter = filter;
    event.payload = "\"Shutdown\"";
    return event;
}

base::Event api_version(std::string_view version) {
    base::Event event;
    event.kind = base::Kind::ApiVersion;
    event.api_version = base::ApiVersion::parse(version).value();
    return event;
}

base::Event from_node(base::Event event, std::string node, std::uint32_t event_id, std::uint32_t generation) {
    event.node = std::move(node);
    event.position = {event_id, generation};
    return event;
}

base::EventBatch signatures(std::uint64_t block, std::uint64_t validators) {
    base::EventBatch batch;
    for (std::uint64_t v = 0; v < validators; ++v) batch.push_back(signature(block, v));
    return batch;
}

std::uint64_t stage(storage::EventLog& log, const base::Event& event) {
    // Shared with the callback, which may come after the waiting was given up.
    auto promise = std::make_shared<std::promise<std::uint64_t>>();
    auto answer = promise->get_future();
    log.stage(std::make_shared<const base::Event>(event),
              [promise](std::uint64_t number) { promise->set_value(number); });
    if (answer.wait_for(std::chrono::minutes(1)) == std::future_status::ready) return answer.get();
    ADD_FAILURE() << "no answer from stage()";
    return 0;
}

base::Event staged(base::Event event, std::uint64_t number) {
    event.payload.clear();
    event.staged_payload = number;
    return event;
}

base::EventId append_one(storage::EventLog& log, const base::Event& event) {
    const auto ids = append(log, {event});
    return ids.empty() ? 0 : ids.front();
}

std::vector<base::EventId> append(storage::EventLog& log, const base::EventBatch& batch,
                                  std::string_view network) {
    const auto appended = log.append(batch, network);
    if (appended) return appended->ids;
    ADD_FAILURE() << appended.error().message;
    return {};
}

std::vector<base::EventId> read_ids(const storage::EventLog& log, const storage::ReadRequest& request) {
    const auto page = log.read(request);
    if (!page) {
        ADD_FAILURE() << page.error().message;
        return {};
    }
    std::vector<base::EventId> ids;
    for (const auto& event : page->events) ids.push_back(event.id);
    return ids;
}

std::vector<storage::StoredEvent> read_all(const storage::EventLog& log) {
    std::vector<storage::StoredEvent> events;
    storage::ReadRequest request{.from = log.range().oldest};
    while (request.from < log.range().next) {
        auto page = log.read(request);
        if (!page || page->next == request.from) {
            ADD_FAILURE() << (page ? "a page without progress" : page.error().message);
            break;
        }
        for (auto& event : page->events) events.push_back(std::move(event));
        request.from = page->next;
    }
    return events;
}

}  // namespace storage_test
