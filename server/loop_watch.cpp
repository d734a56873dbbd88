#include "server/loop_watch.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace server {

namespace asio = boost::asio;
using boost::system::error_code;

LoopWatch::LoopWatch(asio::io_context& main, base::Log log) : LoopWatch(main, std::move(log), Times{}) {}

LoopWatch::LoopWatch(asio::io_context& main, base::Log log, Times times)
    : log_(std::move(log)), times_(times), timer_(main) {}

/// What is posted may outlive this object.
void LoopWatch::add(std::string name, asio::io_context& loop) {
    const auto turned_at = std::make_shared<std::atomic<Clock::time_point>>();
    add(
        std::move(name),
        [&loop, turned_at] { asio::post(loop, [turned_at] { turned_at->store(Clock::now()); }); },
        [turned_at] { return turned_at->load(); });
}

void LoopWatch::add(std::string name, std::function<void()> ask,
                    std::function<Clock::time_point()> last_turn) {
    auto& loop = loops_.emplace_back();
    loop.name = std::move(name);
    loop.ask = std::move(ask);
    loop.last_turn = std::move(last_turn);
}

void LoopWatch::start() {
    due_ = Clock::now();
    watching_ = true;
    ask_all();
}

void LoopWatch::stop() {
    watching_ = false;
    timer_.cancel();
}

/// Who has not answered yet is not asked again, so that questions do not pile up.
void LoopWatch::ask_all() {
    for (auto& loop : loops_) {
        if (!loop.has_answered()) continue;
        loop.asked = Clock::now();
        loop.ask();
    }
    tell_changes();
    due_ = Clock::now() + times_.interval;
    timer_.expires_at(due_.load());
    timer_.async_wait([this](error_code error) {
        if (!error && watching_) ask_all();
    });
}

std::vector<std::string> LoopWatch::stuck() const {
    std::vector<std::string> names;
    if (!watching_) return names;
    const auto now = Clock::now();
    if (now - due_.load() > times_.patience) names.emplace_back("main");
    for (const auto& loop : loops_) {
        if (now - loop.asked.load() > times_.patience && !loop.has_answered()) names.push_back(loop.name);
    }
    return names;
}

void LoopWatch::tell_changes() {
    auto names = stuck();
    for (const auto& name : names) {
        if (std::ranges::find(told_, name) != told_.end()) continue;
        log_->error("the loop \"{}\" is stuck: it has not turned for {} s", name,
                    std::chrono::duration_cast<std::chrono::seconds>(times_.patience).count());
    }
    for (const auto& name : told_) {
        if (std::ranges::find(names, name) == names.end()) log_->info("the loop \"{}\" turns again", name);
    }
    told_ = std::move(names);
}

}  // namespace server
