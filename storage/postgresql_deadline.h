#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

namespace storage {

/// Ends calls on sockets whose other side does not answer: the server's own time-outs help only while the
/// server runs. Thread-safe.
class Deadlines {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Deadlines(Clock::duration patience);

    /// While it lives, the socket is in a call; past the deadline it is shut down, so that the call fails.
    /// The socket must stay open meanwhile.
    class Watch {
      public:
        Watch(Deadlines& deadlines, int socket);
        ~Watch();
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

      private:
        friend class Deadlines;
        Deadlines& deadlines_;
        int socket_;
        Clock::time_point until_;
        std::list<Watch*>::iterator place_;
    };

  private:
    void run(const std::stop_token& stop);

    const Clock::duration patience_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::list<Watch*> watches_;  // the earliest deadline first, as all have the same patience
    std::jthread thread_;        // last: it uses all the others
};

}  // namespace storage
