// How much of the readers' time replays get.

#include "stream/replays.h"

#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>

#include "support/memory_log.h"
#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using namespace std::chrono_literals;

class ReplaysTest : public testing::Test {
  protected:
    static constexpr std::uint64_t kEvents = 4000;

    void SetUp() override {
        base::EventBatch events;
        for (std::uint64_t i = 1; i <= kEvents; ++i)
            events.push_back(event(base::Kind::Fault, i, std::string(5'000, 'x')));
        ASSERT_TRUE(log_.append(events, "net"));
    }
    /// A page of 500 events, if nobody is disturbed.
    ReplayPage read(Replays& replays, base::EventId from) {
        const storage::ReadRequest request{.endpoint = base::Endpoint::Main,
                                           .from = from,
                                           .to = kEvents + 1,
                                           .max_events = 500,
                                           .max_bytes = std::size_t{100} << 20};
        std::promise<base::Result<ReplayPage>> answer;
        replays.read(request, {},
                     [&answer](base::Result<ReplayPage> page) { answer.set_value(std::move(page)); });
        auto page = answer.get_future().get();
        return page ? std::move(*page) : ReplayPage{};
    }
    void read_all(Replays& replays) {
        for (base::EventId from = 1; from <= kEvents; from += 500)
            EXPECT_EQ(read(replays, from).size(), 500U);
    }

    static void note_live_traffic(Replays& replays) { const Replays::LiveSending sending(replays); }

    support::MemoryLog log_;
};

TEST_F(ReplaysTest, WhatIsReadWhileNobodyIsDisturbedIsNoDebt) {
    const auto at_once = [this] {
        Replays replays(log_, 4);
        for (int i = 0; i < 20; ++i) read_all(replays);
        note_live_traffic(replays);
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_GT(read(replays, 7).size(), 0U);
        return std::chrono::steady_clock::now() - begin < 500ms;
    };
    EXPECT_TRUE(support::eventually(at_once)) << "but for the read itself, on a busy machine";
}

/// By the CPU time that was used: on a busy machine all takes longer, but never less.
TEST_F(ReplaysTest, WithLiveTrafficTheReadersRestLongerThanTheyRead) {
    Replays replays(log_, 4);
    const auto cpu_begin = std::clock();
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < 3; ++round) {
        for (base::EventId from = 1; from <= kEvents;) {
            note_live_traffic(replays);
            const auto page = read(replays, from);
            ASSERT_GT(page.next, from);
            from = page.next;
        }
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    const double cpu = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
    EXPECT_GT(time.count(), 2 * cpu);
}

TEST_F(ReplaysTest, WithLiveTrafficTheyReadInSmallPieces) {
    // A reader that gets no core for a second finds the traffic over.
    EXPECT_TRUE(support::eventually([this] {
        Replays replays(log_, 4);
        note_live_traffic(replays);
        const auto page = read(replays, 1);
        return page.from == 1 && page.size() > 0 && page.size() <= 64;
    }));
}

TEST_F(ReplaysTest, WhileSomethingIsSentNoneBeginsForAMoment) {
    Replays replays(log_, 4);
    const auto begin = std::chrono::steady_clock::now();
    {
        const Replays::LiveSending sending(replays);
        EXPECT_GT(read(replays, 1).size(), 0U) << "but it does not wait for ever";
    }
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
}

TEST_F(ReplaysTest, AProbeWaitsBehindNoReplay) {
    Replays replays(log_, 1);
    note_live_traffic(replays);
    std::promise<bool> answer;
    replays.probe([&answer](bool readable) { answer.set_value(readable); });
    EXPECT_TRUE(answer.get_future().get());
    log_.reads_fail = true;
    std::promise<bool> again;
    replays.probe([&again](bool readable) { again.set_value(readable); });
    EXPECT_FALSE(again.get_future().get());
    log_.reads_fail = false;
    log_.reads_wait = true;
    std::vector<std::future<bool>> many;
    const auto ask = [&] {
        const auto one = std::make_shared<std::promise<bool>>();
        many.push_back(one->get_future());
        replays.probe([one](bool readable) { one->set_value(readable); });
    };
    const auto reads = log_.reads.load();
    ask();
    ASSERT_TRUE(support::eventually([&] { return log_.reads > reads; }));
    for (int i = 0; i < 20; ++i) ask();
    log_.reads_wait = false;
    log_.reads_wait.notify_all();
    for (auto& one : many) EXPECT_TRUE(one.get());
    EXPECT_EQ(log_.reads, reads + 2) << "one for all who asked meanwhile";
    replays.stop();
    bool after_the_end = true;
    replays.probe([&after_the_end](bool readable) { after_the_end = readable; });
    EXPECT_FALSE(after_the_end);
}

}  // namespace
}  // namespace stream
