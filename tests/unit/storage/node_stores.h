#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "storage/event_log.h"
#include "storage/node_store.h"
#include "support/process.h"

namespace storage_test {

using Wish = storage::NodeIntent::Wish;
using IntentFields = std::tuple<std::string, Wish, std::string>;

inline std::vector<IntentFields> intents(storage::EventLog& log) {
    std::vector<IntentFields> fields;
    for (const auto& intent : log.nodes().intents())
        fields.emplace_back(intent.node, intent.wish, intent.configuration);
    return fields;
}

/// save(), and what tells that `done` was called.
inline std::future<void> save(storage::NodeStore& nodes, storage::NodeIntent intent) {
    // Shared with the callback, which may come after the waiting was given up.
    auto promise = std::make_shared<std::promise<void>>();
    auto saved = promise->get_future();
    nodes.save(std::move(intent), [promise] { promise->set_value(); });
    return saved;
}

inline bool is_done(const std::future<void>& saved,
                    std::chrono::milliseconds patience = std::chrono::minutes(1)) {
    return saved.wait_for(patience) == std::future_status::ready;
}

/// The transition of a node to a state; the number makes it different from the others.
inline storage::NodeObservation transition(std::string node, std::int64_t number) {
    storage::NodeObservation observation;
    observation.node = std::move(node);
    observation.at = number;
    observation.from = "connecting";
    observation.to = "streaming";
    observation.cause = "events arrive";
    return observation;
}

/// When the transitions of a node happened, the newest first; a failed test when these cannot be read.
inline std::vector<std::int64_t> history(const storage::NodeStore& nodes, std::string_view node,
                                         std::size_t most = 1000) {
    const auto observations = nodes.history(node, most);
    if (!observations) {
        ADD_FAILURE() << observations.error().message;
        return {};
    }
    std::vector<std::int64_t> times;
    for (const auto& observation : *observations) times.push_back(observation.at);
    return times;
}

inline bool await_newest(const storage::NodeStore& nodes, std::string_view node, std::int64_t number) {
    return support::eventually([&] { return history(nodes, node, 1) == std::vector<std::int64_t>{number}; });
}

}  // namespace storage_test
