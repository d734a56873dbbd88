#include "server/loop_watch.h"

#include <gmock/gmock.h>

#include "held_loop.h"
#include "support/process.h"

namespace server {
namespace {

using support::eventually;
using testing::IsEmpty;

using Names = std::vector<std::string>;

/// A watch on a main loop that runs; ends before the loops do.
struct Watched {
    explicit Watched(HeldLoop& loop) : main(loop), watch(loop.context(), base::make_null_log(), kFast) {}
    ~Watched() {
        main.release();
        main.run([this] { watch.stop(); });
        main.run([] {});  // what was queued before ran
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    void start() {
        main.run([this] { watch.start(); });
    }

    HeldLoop& main;
    LoopWatch watch;
};

TEST(LoopWatch, ALoopThatHangsIsNamedUntilItTurnsAgain) {
    HeldLoop main;
    HeldLoop nodes;
    HeldLoop rest;
    Watched watched(main);
    watched.watch.add("nodes", nodes.context());
    watched.watch.add("rest", rest.context());
    watched.start();
    EXPECT_THAT(watched.watch.stuck(), IsEmpty());
    rest.hold();
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck() == Names{"rest"}; }));
    nodes.hold();
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck() == Names{"nodes", "rest"}; }));
    rest.release();
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck() == Names{"nodes"}; }));
    nodes.release();
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck().empty(); }));
}

TEST(LoopWatch, AHangingMainLoopIsNamedAloneAlthoughItAsksTheOthers) {
    HeldLoop main;
    HeldLoop nodes;
    Watched watched(main);
    watched.watch.add("nodes", nodes.context());
    watched.start();
    main.hold();
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck() == Names{"main"}; }));
    main.release();
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck().empty(); }));
}

TEST(LoopWatch, ALoopOfAnotherKindIsAskedAndJudgedByItsLastTurn) {
    HeldLoop main;
    std::atomic<bool> answers = true;
    std::atomic<LoopWatch::Clock::time_point> turned{};
    Watched watched(main);
    watched.watch.add(
        "publisher",
        [&] {
            if (answers) turned = LoopWatch::Clock::now();
        },
        [&] { return turned.load(); });
    watched.start();
    EXPECT_THAT(watched.watch.stuck(), IsEmpty());
    answers = false;
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck() == Names{"publisher"}; }));
    turned = LoopWatch::Clock::now();
    answers = true;
    EXPECT_TRUE(eventually([&] { return watched.watch.stuck().empty(); }));
}

TEST(LoopWatch, ALoopThatHangsIsAskedOnlyOnce) {
    HeldLoop main;
    std::atomic<int> asked = 0;
    Watched watched(main);
    watched.watch.add(
        "publisher", [&] { ++asked; }, [] { return LoopWatch::Clock::time_point(); });
    watched.start();
    ASSERT_TRUE(eventually([&] { return !watched.watch.stuck().empty(); }));
    EXPECT_EQ(asked, 1);
}

TEST(LoopWatch, NothingIsStuckBeforeTheStartAndAfterTheStop) {
    HeldLoop main;
    HeldLoop rest;
    Watched watched(main);
    watched.watch.add("rest", rest.context());
    EXPECT_THAT(watched.watch.stuck(), IsEmpty());
    rest.hold();
    watched.start();
    ASSERT_TRUE(eventually([&] { return !watched.watch.stuck().empty(); }));
    main.run([&] { watched.watch.stop(); });
    EXPECT_THAT(watched.watch.stuck(), IsEmpty());
}

}  // namespace
}  // namespace server
