#pragma once

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "admin/stream_control.h"

namespace admin_test {

/// Subscribers that a test names; answers come at once.
class FakeStreams : public admin::StreamControl {
  public:
    explicit FakeStreams(Subscribers subscribers) : subscribers_(std::move(subscribers)) {}

    void report(std::function<void(Subscribers)> answer) override { answer(subscribers()); }
    void close(std::uint64_t id, std::function<void(bool)> answer) override {
        bool found = false;
        {
            const std::lock_guard lock(mutex_);
            found = std::erase_if(subscribers_, [id](const auto& one) { return one.id == id; }) > 0;
        }
        answer(found);
    }
    void drain(std::chrono::seconds over) override {
        const std::lock_guard lock(mutex_);
        drain_ = {true, std::chrono::system_clock::time_point{}, over, 0};
        ++drains_;
    }
    void end_drain() override {
        const std::lock_guard lock(mutex_);
        drain_ = {};
    }
    [[nodiscard]] admin::DrainReport drain_report() const override {
        const std::lock_guard lock(mutex_);
        auto report = drain_;
        report.subscribers = static_cast<std::uint32_t>(subscribers_.size());
        return report;
    }

    [[nodiscard]] Subscribers subscribers() const {
        const std::lock_guard lock(mutex_);
        return subscribers_;
    }
    [[nodiscard]] int drains() const {
        const std::lock_guard lock(mutex_);
        return drains_;
    }

  private:
    mutable std::mutex mutex_;
    Subscribers subscribers_;
    admin::DrainReport drain_;
    int drains_ = 0;
};

}  // namespace admin_test
