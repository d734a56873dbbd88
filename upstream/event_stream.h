#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_kind.h"
#include "base/result.h"
#include "upstream/tcp_connection.h"

namespace upstream {

/// The HTTP side of one subscription to one endpoint of one node: the request, the answer's head, the body's
/// bytes however they are framed (chunked, content-length, until close; HTTP/1.1 or 1.0). One thread.
class EventStream {
  public:
    /// `tls`: none for a plain connection.
    explicit EventStream(const boost::asio::any_io_executor& executor,
                         std::shared_ptr<const tls::ClientContext> tls = {});

    /// Connects, asks for the events from `start_from` on (0: all that the node holds) and checks that the
    /// answer is an event stream, all within `timeout`.
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> open(Address address, base::Filter filter,
                                                                  std::uint32_t start_from,
                                                                  std::chrono::milliseconds timeout);

    /// The next bytes of the body, valid until the next call; an error at its end, whichever way it ended.
    [[nodiscard]] boost::asio::awaitable<base::Result<std::string_view>> read();

    /// read() fails when nothing came until then.
    void set_deadline(TcpConnection::Clock::time_point deadline) { connection_->set_deadline(deadline); }
    void clear_deadline() { connection_->clear_deadline(); }

    /// Ends what is under way. The object stays until that has returned.
    void close() { connection_->close(); }

  private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

    [[nodiscard]] boost::asio::awaitable<base::Result<void>> exchange_heads(const Address& address,
                                                                            const std::string& target);
    struct Parsed {
        std::size_t bytes = 0;  ///< of the body, now in body_
        boost::system::error_code error;
    };
    [[nodiscard]] Parsed parse_received();
    [[nodiscard]] base::Result<void> check_head() const;
    [[nodiscard]] base::Error ended(const boost::system::error_code& error) const;

    std::shared_ptr<TcpConnection> connection_;
    boost::beast::flat_buffer received_;
    std::optional<Parser> parser_;
    std::vector<char> body_;
};

}  // namespace upstream
