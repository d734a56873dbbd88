#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "admin/control_socket.h"
#include "unit/admin/fake_node_store.h"
#include "unit/admin/fake_steering.h"

namespace admin_test {

inline base::Result<upstream::NodeSpec> parse_nothing(const std::string& configuration) {
    if (configuration == "wrong") return base::invalid("sse_port: is missing\nrest_port: is missing");
    upstream::NodeSpec node;
    node.options.name = "new";
    node.configuration = configuration;
    return node;
}

/// A control socket with the thread that runs it.
class RunningSocket {
  public:
    /// Throws when the socket cannot be opened.
    RunningSocket(admin::ControlSocketOptions options, upstream::Steering& steering,
                  const storage::NodeStore& nodes, admin::ParseNode parse_node = parse_nothing)
        : readiness_(steering, {[this] { return storage_problems(); }}),
          commands_(steering, nodes, std::move(parse_node)),
          socket_(std::move(admin::ControlSocket::open(std::move(options), context_, commands_, readiness_,
                                                       base::make_null_log())
                                .value())),
          thread_([this] { context_.run(); }) {}
    ~RunningSocket() {
        context_.stop();
        thread_.join();
        socket_.reset();
    }
    RunningSocket(const RunningSocket&) = delete;
    RunningSocket& operator=(const RunningSocket&) = delete;

    /// What Readiness is told of storing.
    void set_storage_problems(admin::Readiness::Reasons problems) {
        const std::lock_guard lock(mutex_);
        storage_problems_ = std::move(problems);
    }

    /// Returns when it has stopped; its thread goes on.
    void stop() {
        on_its_thread([this] { socket_->stop(); });
    }
    void destroy() {
        on_its_thread([this] { socket_.reset(); });
    }

  private:
    template <class Work>
    void on_its_thread(Work work) {
        std::promise<void> done;
        boost::asio::post(context_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    [[nodiscard]] admin::Readiness::Reasons storage_problems() const {
        const std::lock_guard lock(mutex_);
        return storage_problems_;
    }

    mutable std::mutex mutex_;
    admin::Readiness::Reasons storage_problems_;
    admin::Readiness readiness_;
    admin::NodeCommands commands_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_{context_.get_executor()};
    std::unique_ptr<admin::ControlSocket> socket_;
    std::thread thread_;
};

}  // namespace admin_test
