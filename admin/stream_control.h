#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace admin {

/// One subscriber's stream, in the words in which it is shown.
struct SubscriberReport {
    std::uint64_t id = 0;
    std::string_view endpoint;  ///< "/events/main"
    std::string_view state;     ///< live, replaying_from_memory, replaying_from_storage, blocked
    std::chrono::system_clock::time_point since;
    std::uint64_t next_id = 0;  ///< of the first event that it lacks
    std::uint64_t lag_events = 0;
    std::optional<std::uint64_t> lag_bytes;  ///< none: not known
    std::string address;                     ///< with the port; empty: not known any more
    bool encrypted = false;
};

/// How far the subscribers are sent away.
struct DrainReport {
    bool draining = false;
    std::chrono::system_clock::time_point since;
    std::chrono::seconds over{0};
    std::uint32_t subscribers = 0;  ///< left
};

/// What an operator can see and ask of the subscribers' streams. Any thread. Answers come on any thread, or
/// never, when the program stops before.
class StreamControl {
  public:
    using Subscribers = std::vector<SubscriberReport>;

    virtual ~StreamControl() = default;

    /// By id.
    virtual void report(std::function<void(Subscribers)> answer) = 0;

    /// Ends a stream; the answer is whether there is such a one.
    virtual void close(std::uint64_t id, std::function<void(bool found)> answer) = 0;

    /// Lets no subscriber in, and ends the streams one after the other, evenly over this time.
    virtual void drain(std::chrono::seconds over) = 0;
    virtual void end_drain() = 0;
    [[nodiscard]] virtual DrainReport drain_report() const = 0;
};

}  // namespace admin
