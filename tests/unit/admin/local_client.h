#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "admin/local_address.h"

namespace admin_test {

/// A client of a Unix-domain socket that does exactly what it is told; every wait has a deadline.
class LocalClient {
  public:
    static constexpr std::chrono::seconds kPatience{20};

    /// Throws when nobody listens.
    explicit LocalClient(const std::filesystem::path& path) {
        const auto address = admin::LocalAddress::of(path).value();
        socket_.connect(address.endpoint());
    }

    /// What cannot be sent, as the other side is gone, is not sent.
    void send(std::string_view bytes) {
        boost::system::error_code ignored;
        boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
    }
    void end_of_input() {
        boost::system::error_code ignored;
        socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
    }
    void close() { socket_.close(); }

    /// All that comes until the other side closes; "(no end)" after it at the deadline.
    std::string read_to_end(std::chrono::milliseconds patience = kPatience) {
        std::string text;
        bool ended = false;
        boost::asio::async_read(socket_, boost::asio::dynamic_buffer(text),
                                [&ended](boost::system::error_code error, std::size_t) {
                                    ended = error != boost::asio::error::operation_aborted;
                                });
        context_.restart();
        context_.run_for(patience);
        if (ended) return text;
        socket_.cancel();
        context_.run();
        return text + "(no end)";
    }

    std::string ask(std::string_view line) {
        send(std::string(line) + "\n");
        return read_to_end();
    }

  private:
    boost::asio::io_context context_{1};
    boost::asio::local::stream_protocol::socket socket_{context_};
};

}  // namespace admin_test
