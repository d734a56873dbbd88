#include "upstream/sse_parser.h"

#include <algorithm>
#include <utility>

namespace upstream {
namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";
constexpr std::size_t kMarkDone = kMark.size() + 1;
constexpr std::size_t kLongestName = 4;  // "data"

constexpr std::size_t kLongestId = 256;

/// Finds the line ends of one buffer in order, in time linear in its size whichever of them it uses.
class LineEnds {
  public:
    explicit LineEnds(std::string_view bytes) : bytes_(bytes), line_feed_(bytes.find('\n')) {}

    /// The first CR or LF at or behind `from`, or npos.
    [[nodiscard]] std::size_t next(std::size_t from) {
        if (line_feed_ < from) line_feed_ = bytes_.find('\n', from);
        const auto carriage_return = bytes_.substr(0, line_feed_).find('\r', from);
        return std::min(carriage_return, line_feed_);
    }

  private:
    std::string_view bytes_;
    std::size_t line_feed_;
};

}  // namespace

void SseParser::feed(std::string_view bytes, std::vector<SseEvent>& events) {
    if (mark_matched_ != kMarkDone) bytes = skip_byte_order_mark(bytes);
    LineEnds line_ends(bytes);
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (std::exchange(after_carriage_return_, false) && bytes[at] == '\n') {
            ++at;
            continue;
        }
        const auto end = line_ends.next(at);
        take_piece(bytes.substr(at, end - at), end != std::string_view::npos);
        if (end == std::string_view::npos) return;
        end_line(events);
        after_carriage_return_ = bytes[end] == '\r';
        at = end + 1;
    }
}

std::string_view SseParser::skip_byte_order_mark(std::string_view bytes) {
    while (!bytes.empty() && mark_matched_ < kMark.size() && bytes.front() == kMark[mark_matched_]) {
        ++mark_matched_;
        bytes.remove_prefix(1);
    }
    if (mark_matched_ == kMark.size()) {
        mark_matched_ = kMarkDone;
        return bytes;
    }
    if (bytes.empty()) return bytes;

    // No mark after all: what looked like one begins the first line.
    take_piece(kMark.substr(0, mark_matched_), false);
    mark_matched_ = kMarkDone;
    return bytes;
}

void SseParser::take_piece(std::string_view piece, bool ends_here) {
    if (field_ == Field::Ignored) return;
    if (field_ == Field::Unknown) {
        take_name(piece, ends_here);
    } else {
        take_value(piece, ends_here);
    }
}

void SseParser::take_name(std::string_view piece, bool ends_here) {
    const auto colon = piece.substr(0, kLongestName + 1).find(':');
    if (colon == std::string_view::npos) {
        name_.append(piece.substr(0, kLongestName + 1));
        if (name_.size() > kLongestName) field_ = Field::Ignored;
        return;
    }
    name_.append(piece.substr(0, colon));
    if (name_.empty()) ++comments_;
    begin_field(name_);
    at_value_start_ = true;
    take_piece(piece.substr(colon + 1), ends_here);
}

void SseParser::begin_field(std::string_view name) {
    field_ = name == "data" ? Field::Data : name == "id" ? Field::Id : Field::Ignored;
    if (field_ == Field::Data && data_lines_++ > 0) append_data("\n", false);
}

void SseParser::take_value(std::string_view piece, bool ends_here) {
    if (at_value_start_ && !piece.empty()) {
        at_value_start_ = false;
        if (piece.front() == ' ') piece.remove_prefix(1);
    }
    if (field_ == Field::Data) {
        append_data(piece, ends_here);
    } else {
        append_id(piece);
    }
}

void SseParser::append_data(std::string_view piece, bool ends_here) {
    if (event_.oversized) return;
    if (event_.data.size() + piece.size() > max_event_size_) {
        give_up_event();
        return;
    }
    // A data line that came whole gets no more room than it needs: most events are one such line.
    std::string& data = event_.data;
    const auto needed = data.size() + piece.size() + kPayloadPadding;
    if (needed > data.capacity()) {
        data.reserve(ends_here && data.empty() ? needed : std::max(needed, 2 * data.capacity()));
    }
    data.append(piece);
}

void SseParser::append_id(std::string_view piece) {
    if (line_id_.size() + piece.size() > kLongestId) {
        give_up_event();
    } else {
        line_id_.append(piece);
    }
}

void SseParser::give_up_event() {
    event_.oversized = true;
    event_.data = {};
}

void SseParser::end_line(std::vector<SseEvent>& events) {
    if (field_ == Field::Unknown) {
        if (name_.empty()) {
            end_event(events);
            return;
        }
        begin_field(name_);  // a field without a colon has the empty value
    }
    if (field_ == Field::Id && line_id_.find('\0') == std::string::npos) event_.id = std::move(line_id_);

    field_ = Field::Unknown;
    at_value_start_ = false;
    name_.clear();
    line_id_.clear();
}

void SseParser::end_event(std::vector<SseEvent>& events) {
    if (data_lines_ > 0 && event_.data.empty()) event_.data.reserve(kPayloadPadding);
    if (data_lines_ > 0) events.push_back(std::move(event_));
    event_ = SseEvent{};
    data_lines_ = 0;
}

}  // namespace upstream
