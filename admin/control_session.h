#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/control_socket.h"
#include "admin/way_back.h"
#include "base/result.h"

namespace admin {

/// One client of the control socket: reads its request, waits for the answer, writes it, and ends. Lives in
/// the coroutine that runs it; the context's thread only.
class ControlSession : public std::enable_shared_from_this<ControlSession> {
  public:
    /// Begins to answer a request; `done` is called on any thread, or never.
    using Ask = std::function<void(const std::string& request, std::function<void(std::string)> done)>;

    ControlSession(boost::asio::local::stream_protocol::socket socket, const ControlSocketOptions& options,
                   std::shared_ptr<WayBack> way_back);

    /// Ends when the answer is written, the client goes, a limit is passed, or close() was called. `ask` is
    /// called at most once, and not after close().
    [[nodiscard]] boost::asio::awaitable<void> run(const Ask& ask);

    void close();

  private:
    /// The line; an error is an answer to be written, nothing means that the client asks for nothing.
    [[nodiscard]] boost::asio::awaitable<std::optional<base::Result<std::string>>> read_request();
    [[nodiscard]] boost::asio::awaitable<std::string> answer_to(const std::string& request, const Ask& ask);
    [[nodiscard]] boost::asio::awaitable<bool> write(std::string answer);
    [[nodiscard]] boost::asio::awaitable<void> linger();

    /// What is under way at the socket is ended when the time is over.
    void limit_time(std::chrono::milliseconds time);
    void take(std::string answer);

    boost::asio::local::stream_protocol::socket socket_;
    const ControlSocketOptions options_;
    const std::shared_ptr<WayBack> way_back_;
    boost::asio::steady_timer deadline_;
    boost::asio::steady_timer answered_;  ///< ends when the answer is there
    std::optional<std::string> answer_;
    bool closed_ = false;
};

}  // namespace admin
