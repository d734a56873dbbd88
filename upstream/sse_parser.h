#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstream {

/// Every SseEvent::data has at least this much capacity behind its end, so that it can be parsed where it
/// lies.
inline constexpr std::size_t kPayloadPadding = 64;

/// One block of an event stream that had data.
struct SseEvent {
    std::string data;  ///< the data lines joined by '\n'; empty if oversized
    std::optional<std::string>
        id;                  ///< the `id` field of this very block, wherever it stood; not the last one known
    bool oversized = false;  ///< the block was larger than the limit and its data is gone
};

/// Reads an event stream as it arrives, in pieces cut anywhere: WHATWG HTML, section 9.2.6 "Interpreting an
/// event stream". The fields `event` and `retry` are ignored. What is incomplete when the stream ends is
/// discarded with the parser. Holds one event at most, and of that never more than the limit.
class SseParser {
  public:
    /// `max_event_size`: bytes of one event's data; an id of more than 256 bytes is too large as well.
    explicit SseParser(std::size_t max_event_size) : max_event_size_(max_event_size) {}

    /// Appends the events that `bytes` completes.
    void feed(std::string_view bytes, std::vector<SseEvent>& events);

    /// Comment lines seen, which are how a server keeps a connection alive.
    [[nodiscard]] std::uint64_t comments() const { return comments_; }

  private:
    enum class Field : std::uint8_t { Unknown, Data, Id, Ignored };

    [[nodiscard]] std::string_view skip_byte_order_mark(std::string_view bytes);
    void take_piece(std::string_view piece, bool ends_here);
    void take_name(std::string_view piece, bool ends_here);
    void take_value(std::string_view piece, bool ends_here);
    void begin_field(std::string_view name);
    void append_data(std::string_view piece, bool ends_here);
    void append_id(std::string_view piece);
    void give_up_event();
    void end_line(std::vector<SseEvent>& events);
    void end_event(std::vector<SseEvent>& events);

    std::size_t max_event_size_;
    std::uint64_t comments_ = 0;

    // The stream
    std::size_t mark_matched_ = 0;  ///< bytes of the byte order mark seen; kMarkDone once that is over
    bool after_carriage_return_ = false;

    // The line
    Field field_ = Field::Unknown;
    bool at_value_start_ = false;
    std::string name_;  ///< while the colon has not come
    std::string line_id_;

    // The event
    SseEvent event_;
    std::size_t data_lines_ = 0;
};

}  // namespace upstream
