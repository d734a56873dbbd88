#include "stream/log_reading.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace stream {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kRetryDelay{1};

bool frame_is_gone(const LogReading::Wish& wish, const ReplayPage& page) {
    return wish.form.offset > 0 && page.first_id() != wish.form.cut;
}

/// Whether events were deleted before they could be read, of which the reader was not told.
bool was_overtaken(const LogReading::Wish& wish, const ReplayPage& page) {
    return std::max(page.from, wish.complete_from) < std::min(page.next, page.oldest);
}

}  // namespace

LogReading::LogReading(Reader& reader, Replays& replays, asio::any_io_executor executor)
    : reader_(reader), replays_(replays), executor_(std::move(executor)) {}

LogReading::~LogReading() {
    replays_.forget(ticket_);
}

const Frame* LogReading::frame(std::size_t ahead) const {
    return at_ + ahead < page_.frames.size() ? page_.frames[at_ + ahead].get() : nullptr;
}

SegmentPtr LogReading::segment() const {
    return at_ < page_.segments.size() ? page_.segments[at_] : nullptr;
}

void LogReading::read_on(const Wish& wish) {
    if (asking_ || retry_) return;
    asking_ = true;
    // A page a turn: who reads slowly, or much, does not keep the others waiting.
    const bool in_a_frame = wish.form.offset > 0;
    if (turn_ && !std::exchange(fresh_turn_, false) && !in_a_frame && replays_.wanted()) turn_.reset();
    if (!turn_) return ask_for_turn();
    replays_.read(wish.request, wish.form,
                  [self = weak_from_this(), executor = executor_, wish](base::Result<ReplayPage> page) {
                      asio::post(executor, [self, wish, page = std::move(page)]() mutable {
                          if (const auto reading = self.lock()) reading->on_page(wish, std::move(page));
                      });
                  });
}

void LogReading::ask_for_turn() {
    ticket_ = replays_.wait_for_turn([self = weak_from_this(), executor = executor_](Replays::TurnPtr turn) {
        asio::post(executor, [self, turn = std::move(turn)]() mutable {
            if (const auto reading = self.lock()) reading->on_turn(std::move(turn));
        });
    });
}

void LogReading::on_turn(Replays::TurnPtr turn) {
    asking_ = false;
    turn_ = std::move(turn);
    turn_since_ = Clock::now();
    fresh_turn_ = true;
    reader_.go_on();
}

void LogReading::on_page(const Wish& wish, base::Result<ReplayPage> page) {
    asking_ = false;
    if (!page) {
        reader_.cannot_read(page.error());
        return retry_later();
    }
    if (!turn_) return reader_.go_on();  // it was given away meanwhile: no page is held without one
    if (frame_is_gone(wish, *page) || was_overtaken(wish, *page)) return reader_.overtaken();
    page_ = std::move(*page);
    at_ = 0;
    reader_.go_on();
}

void LogReading::retry_later() {
    turn_.reset();
    retry_ = std::make_unique<asio::steady_timer>(executor_, kRetryDelay);
    retry_->async_wait([self = weak_from_this()](boost::system::error_code cancelled) {
        const auto reading = self.lock();
        if (cancelled || !reading) return;
        reading->retry_.reset();
        reading->reader_.go_on();
    });
}

void LogReading::yield_turn() {
    turn_.reset();
    page_ = ReplayPage();
    at_ = 0;
}

}  // namespace stream
