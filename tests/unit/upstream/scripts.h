#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "fake_node.h"
#include "upstream/upstream.h"

// What fake nodes do, for several tests.
namespace upstream::testing {

inline constexpr const char* kStatus = R"({"build_version":"1.5.6-abc","chainspec_name":"casper"})";

/// A flag that scripts wait for.
class Gate {
  public:
    void open();
    void wait();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
};

/// An endpoint that stays open and has no events.
void only_version(const Peer& peer);

/// A node whose main endpoint runs the script and whose others only stay open.
[[nodiscard]] std::unique_ptr<FakeNode> node_with(FakeNode::Script main, bool ipv6 = false);

/// As a node answers: Steps, by id and era, from start_from on, then nothing.
[[nodiscard]] FakeNode::Script replaying(std::vector<std::pair<std::uint32_t, std::uint64_t>> steps);

[[nodiscard]] ResumePoint resume_at(std::uint32_t id, std::uint64_t era, std::uint32_t generation = 0);

}  // namespace upstream::testing
