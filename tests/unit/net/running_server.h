#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "net/http_server.h"
#include "support/raw_client.h"

namespace net {

/// A server on a port of its own; each worker has its thread.
class RunningServer {
  public:
    explicit RunningServer(Handler handler, HttpServerOptions options = {}, std::size_t workers = 1)
        : workers_(workers) {
        options.name = "test_server";
        options.bind_address = "127.0.0.1";
        std::vector<boost::asio::io_context*> contexts;
        for (Worker& worker : workers_) contexts.push_back(&worker.context);
        auto opened = HttpServer::open(std::move(options), std::move(contexts), std::move(handler),
                                       base::make_null_log(), metrics_);
        if (!opened) throw std::runtime_error(opened.error().message);
        server_ = std::move(*opened);
        server_->start();
        for (Worker& worker : workers_) {
            worker.thread = std::thread([&worker] { worker.context.run(); });
        }
    }
    ~RunningServer() {
        server_->stop();
        for (Worker& worker : workers_) worker.context.stop();
        for (Worker& worker : workers_) worker.thread.join();
    }
    RunningServer(const RunningServer&) = delete;
    RunningServer& operator=(const RunningServer&) = delete;

    [[nodiscard]] support::RawClient connect() const { return support::RawClient(server_->port()); }

    /// All that the server sends to this and then to an end of the connection.
    [[nodiscard]] std::string exchange(std::string_view bytes) const {
        auto client = connect();
        client.send(bytes);
        EXPECT_TRUE(client.read_to_end()) << "no end of: " << client.received();
        return client.received();
    }

    [[nodiscard]] HttpServer& server() { return *server_; }
    [[nodiscard]] base::Metrics& metrics() { return metrics_; }
    [[nodiscard]] boost::asio::io_context& context() { return workers_.front().context; }

  private:
    struct Worker {
        boost::asio::io_context context;
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep{context.get_executor()};
        std::thread thread;
    };

    base::Metrics metrics_;
    std::vector<Worker> workers_;
    std::shared_ptr<HttpServer> server_;
};

/// Answers with the request itself; "/takeover" takes the connection.
inline boost::asio::awaitable<Answer> echo(Request request, std::size_t) {
    if (request.path() == "/takeover") {
        Takeover takeover = [](tls::Socket socket) {
            boost::system::error_code error;
            const std::array buffers{boost::asio::buffer(std::string_view("taken over"))};
            EXPECT_EQ(socket.write_some(buffers, error), 10U);
            socket.say_end();
        };
        co_return takeover;
    }
    co_return text_response(200, request.method + " " + request.target + " " + request.body);
}

}  // namespace net
