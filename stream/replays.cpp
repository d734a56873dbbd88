#include "stream/replays.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <ctime>
#include <utility>

#include "base/background_priority.h"
#include "base/named_thread.h"

namespace stream {
namespace {

constexpr std::size_t kMostThreads = 4;
constexpr int kRestPerRead = 4;                       // times the CPU time that the read took
constexpr std::chrono::seconds kTrafficCountsFor{1};  // then nobody is disturbed any more
constexpr std::chrono::seconds kLongestDebt{2};
// Whoever is to be served meanwhile waits for so little of a core, and a reader for so long.
constexpr std::size_t kEventsBesideLiveTraffic = 64;
constexpr std::size_t kBytesBesideLiveTraffic = std::size_t{128} << 10;
constexpr std::chrono::milliseconds kLongestWaitForSending{20};
constexpr std::chrono::milliseconds kLookAtSending{1};
constexpr std::size_t kRecentBytes = std::size_t{8} << 20;

/// Of the calling thread. What others take from it while it stands back is not its own.
std::chrono::nanoseconds cpu_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

ReplayPage to_frames(storage::Page page, base::EventId from, base::EventId oldest) {
    ReplayPage replay;
    replay.from = from;
    replay.oldest = oldest;
    replay.next = page.next;
    replay.frames.reserve(page.events.size());
    for (auto& event : page.events) replay.frames.push_back(frame_of(std::move(event)));
    return replay;
}

/// Behind the recent pages, which serve all filters.
void keep_what_passes(const EventFilter& filter, ReplayPage& page) {
    if (filter == EventFilter{}) return;
    std::erase_if(page.frames, [&filter](const FramePtr& frame) { return !filter.passes(*frame); });
}

void compress(ReplayPage& page, const ReplayForm& form) {
    SegmentMaker maker;
    page.segments = maker.make_all(page.frames, page.first_id() == form.cut ? form.offset : 0);
    page.frames = std::vector<FramePtr>();
}

}  // namespace

Replays::Replays(const storage::EventLog& log, std::size_t max_at_a_time)
    : log_(log),
      max_at_a_time_(max_at_a_time),
      recent_(kRecentBytes),
      work_(context_.get_executor()),
      probes_work_(probes_.get_executor()) {
    threads_.push_back(base::named_thread("log probe", [this] { probes_.run(); }));
    for (std::size_t i = 0; i < std::clamp<std::size_t>(max_at_a_time, 1, kMostThreads); ++i) {
        threads_.push_back(base::named_thread("replay", [this] {
            base::work_in_background();
            context_.run();
        }));
    }
}

Replays::~Replays() {
    stop();
}

Replays::Ticket Replays::wait_for_turn(std::function<void(TurnPtr)> granted) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return 0;
        if (turns_taken_ == max_at_a_time_) {
            waiting_.emplace(++last_ticket_, std::move(granted));
            waiting_count_ = waiting_.size();
            return last_ticket_;
        }
        ++turns_taken_;
    }
    granted(std::make_unique<Turn>(*this));
    return 0;
}

void Replays::forget(Ticket ticket) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(ticket);
    waiting_count_ = waiting_.size();
}

void Replays::begin_sending() {
    live_traffic_at_.store(Clock::now(), std::memory_order_relaxed);
    ++sending_;
}

bool Replays::has_live_traffic() const {
    return live_traffic_at_.load() + kTrafficCountsFor > Clock::now();
}

/// False when the program ends.
bool Replays::begin_reading() {
    std::unique_lock lock(mutex_);
    while (!stopped_ && has_live_traffic()) {
        const auto now = Clock::now();
        if (next_read_ <= now && readers_at_work_ == 0) break;
        const auto quiet_from = live_traffic_at_.load() + kTrafficCountsFor;
        may_read_.wait_until(lock, next_read_ > now ? std::min(next_read_, quiet_from) : quiet_from);
    }
    if (stopped_) return false;
    ++readers_at_work_;
    lock.unlock();
    wait_for_end_of_sending();
    return true;
}

/// By looking again and again: who sends must not have to wake a reader, nor meet it at a lock.
void Replays::wait_for_end_of_sending() const {
    const auto end = Clock::now() + kLongestWaitForSending;
    while (sending_ > 0 && Clock::now() < end) std::this_thread::sleep_for(kLookAtSending);
}

/// What is read while there is nobody to disturb is no debt, and a debt holds up for a moment only.
void Replays::end_reading(std::chrono::nanoseconds took) {
    {
        const std::lock_guard lock(mutex_);
        --readers_at_work_;
        const auto now = Clock::now();
        if (has_live_traffic())
            next_read_ = std::min<Clock::time_point>(std::max(next_read_, now) + kRestPerRead * took,
                                                     now + kLongestDebt);
    }
    may_read_.notify_one();
}

base::Result<ReplayPage> Replays::frames_of(const storage::ReadRequest& request) {
    if (auto page = recent_.find(request)) return std::move(*page);
    auto piece = request;
    if (has_live_traffic()) {
        piece.max_events = std::min(request.max_events, kEventsBesideLiveTraffic);
        piece.max_bytes = std::min(request.max_bytes, kBytesBesideLiveTraffic);
    }
    auto read = log_.read(piece);
    if (!read) return read.error();
    auto page = to_frames(std::move(*read), request.from, log_.range().oldest);
    recent_.add(request, page);
    return page;
}

base::Result<ReplayPage> Replays::read_now(const storage::ReadRequest& request, const ReplayForm& form) {
    if (!form.compressed) return frames_of(request);
    if (auto known = recent_.find(request, form)) return std::move(*known);
    auto page = frames_of(request);
    if (!page) return page;
    keep_what_passes(form.filter, *page);
    compress(*page, form);
    recent_.add(request, *page, form);
    return page;
}

void Replays::give_back() {
    std::function<void(TurnPtr)> next;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty() || stopped_) {
            --turns_taken_;
            return;
        }
        next = std::move(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
        waiting_count_ = waiting_.size();
    }
    next(std::make_unique<Turn>(*this));
}

void Replays::read(const storage::ReadRequest& request, const ReplayForm& form,
                   std::function<void(base::Result<ReplayPage>)> done) {
    if (auto page = recent_.find(request, form)) {
        keep_what_passes(form.filter, *page);
        return done(std::move(*page));
    }
    // Under the lock: what is posted after the threads have ended would outlive those who wait for it.
    std::unique_lock lock(mutex_);
    if (stopped_) {
        lock.unlock();
        return done(base::unavailable("the program ends"));
    }
    boost::asio::post(context_, [this, request, form, done = std::move(done)] {
        if (!begin_reading()) return done(base::unavailable("the program ends"));
        const auto begun = cpu_time();
        auto page = read_now(request, form);
        end_reading(cpu_time() - begun);
        if (page) keep_what_passes(form.filter, *page);
        done(std::move(page));
    });
}

void Replays::probe(std::function<void(bool)> done) {
    std::unique_lock lock(mutex_);
    if (stopped_) {
        lock.unlock();
        return done(false);
    }
    asking_.push_back(std::move(done));
    if (asking_.size() == 1) boost::asio::post(probes_, [this] { answer_probes(); });
}

/// One read for all who asked before it.
void Replays::answer_probes() {
    std::unique_lock lock(mutex_);
    const auto asking = std::exchange(asking_, {});
    const bool goes_on = !stopped_;
    lock.unlock();
    // No event has the id 0: the log is asked, and nothing is read.
    const storage::ReadRequest request{.endpoint = {}, .from = 0, .to = 1, .max_events = 1, .max_bytes = 1};
    const bool readable = goes_on && log_.read(request).has_value();
    for (const auto& done : asking) done(readable);
}

void Replays::stop() {
    std::map<Ticket, std::function<void(TurnPtr)>> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(waiting_);
        waiting_count_ = 0;
    }
    may_read_.notify_all();
    work_.reset();
    probes_work_.reset();
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

}  // namespace stream
