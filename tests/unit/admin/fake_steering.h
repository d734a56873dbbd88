#pragma once

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "upstream/steering.h"

namespace admin_test {

inline upstream::NodeReport report_of(std::string name,
                                      upstream::NodeState state = upstream::NodeState::Running) {
    upstream::NodeReport report;
    report.name = std::move(name);
    report.ip_address = "10.0.0.1";
    report.sse_port = 9999;
    report.rest_port = 8888;
    report.state = state;
    return report;
}

/// Nodes that do at once what they are told. Answers come on a thread of its own, or when they are released.
class FakeSteering : public upstream::Steering {
  public:
    explicit FakeSteering(std::vector<upstream::NodeReport> nodes) : nodes_(std::move(nodes)) {}
    ~FakeSteering() override { thread_.join(); }
    FakeSteering(const FakeSteering&) = delete;
    FakeSteering& operator=(const FakeSteering&) = delete;

    void report(Reports reports) override {
        answer([this, reports = std::move(reports)] {
            const auto nodes = this->nodes();
            reports(nodes);
        });
    }
    void suspend(std::string node, Answer answer) override {
        change(std::move(node), upstream::NodeState::Suspended, std::move(answer));
    }
    void resume(std::string node, Answer answer) override {
        change(std::move(node), upstream::NodeState::Initializing, std::move(answer));
    }
    void remove(std::string node, Answer answer) override {
        change(std::move(node), upstream::NodeState::Deleting, std::move(answer));
    }
    void add(upstream::NodeSpec node, Answer done) override {
        answer([this, node = std::move(node), done = std::move(done)] {
            const auto report = report_of(node.options.name, upstream::NodeState::Initializing);
            const bool is_new = insert(report, node);
            is_new ? done(report) : done(base::invalid("there is a node " + report.name + " already"));
        });
    }

    /// Answers wait from here on.
    void hold() {
        const std::lock_guard lock(mutex_);
        holds_ = true;
    }
    void release() {
        std::vector<std::function<void()>> held;
        {
            const std::lock_guard lock(mutex_);
            holds_ = false;
            held.swap(held_);
        }
        for (auto& work : held) boost::asio::post(thread_, std::move(work));
    }
    /// Returns when every answer that was released has been given.
    void wait() { thread_.join(); }

    [[nodiscard]] std::size_t held() const {
        const std::lock_guard lock(mutex_);
        return held_.size();
    }
    [[nodiscard]] std::vector<upstream::NodeReport> nodes() const {
        const std::lock_guard lock(mutex_);
        return nodes_;
    }
    [[nodiscard]] std::vector<upstream::NodeSpec> added() const {
        const std::lock_guard lock(mutex_);
        return added_;
    }

  private:
    void change(std::string name, upstream::NodeState state, Answer done) {
        answer([this, name = std::move(name), state, done = std::move(done)] { done(changed(name, state)); });
    }

    bool insert(const upstream::NodeReport& report, const upstream::NodeSpec& node) {
        const std::lock_guard lock(mutex_);
        const auto same = [&](const auto& other) { return other.name == report.name; };
        if (std::any_of(nodes_.begin(), nodes_.end(), same)) return false;
        nodes_.push_back(report);
        added_.push_back(node);
        return true;
    }

    base::Result<upstream::NodeReport> changed(const std::string& name, upstream::NodeState state) {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                        [&name](const auto& node) { return node.name == name; });
        if (found == nodes_.end()) return base::invalid("there is no node " + name);
        found->state = state;
        return *found;
    }

    void answer(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        if (holds_) return held_.push_back(std::move(work));
        boost::asio::post(thread_, std::move(work));
    }

    mutable std::mutex mutex_;
    std::vector<upstream::NodeReport> nodes_;
    std::vector<upstream::NodeSpec> added_;
    std::vector<std::function<void()>> held_;
    bool holds_ = false;
    boost::asio::thread_pool thread_{1};
};

}  // namespace admin_test
