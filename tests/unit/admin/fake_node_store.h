#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/node_store.h"

namespace admin_test {

/// Histories that a test writes; reading one can be made to wait.
class FakeNodeStore : public storage::NodeStore {
  public:
    [[nodiscard]] std::vector<storage::NodeIntent> intents() const override { return {}; }
    void save(storage::NodeIntent, std::function<void()> done) override { done(); }
    [[nodiscard]] std::vector<storage::NodeGap> gaps() const override { return {}; }
    void save(storage::NodeGap, std::function<void()> done) override { done(); }
    void note(storage::NodeObservation observation) override {
        const std::lock_guard lock(mutex_);
        auto& history = histories_[observation.node];
        history.insert(history.begin(), std::move(observation));
    }

    [[nodiscard]] base::Result<std::vector<storage::NodeObservation>> history(
        std::string_view node, std::size_t most) const override {
        std::unique_lock lock(mutex_);
        ++readers_;
        changed_.wait(lock, [this] { return !blocked_; });
        --readers_;
        if (fault_) return *fault_;
        std::vector<storage::NodeObservation> result;
        const auto found = histories_.find(node);
        if (found != histories_.end()) result = found->second;
        if (result.size() > most) result.resize(most);
        return result;
    }

    void block(bool blocked) {
        {
            const std::lock_guard lock(mutex_);
            blocked_ = blocked;
        }
        changed_.notify_all();
    }
    void fail(std::string why) {
        const std::lock_guard lock(mutex_);
        fault_ = base::unavailable(std::move(why));
    }
    [[nodiscard]] int readers() const {
        const std::lock_guard lock(mutex_);
        return readers_;
    }

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    mutable int readers_ = 0;
    bool blocked_ = false;
    std::optional<base::Error> fault_;
    std::map<std::string, std::vector<storage::NodeObservation>, std::less<>> histories_;
};

}  // namespace admin_test
