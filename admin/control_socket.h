#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "admin/control_commands.h"
#include "base/log.h"
#include "base/result.h"

namespace admin {

struct ControlSocketOptions {
    std::filesystem::path path;                 ///< of any length
    std::size_t max_connections = 64;           ///< at one time; others wait
    std::size_t max_request_bytes = 64 * 1024;  ///< with the newline
    std::chrono::milliseconds request_time{
        5000};  ///< for a request to arrive whole, for an answer to be taken
    std::chrono::milliseconds answer_time{8000};  ///< for an answer to be found; a client waits longer
};

/// The Unix-domain socket through which `event-sidecar nodes` and `status` talk to a running sidecar: one
/// request a connection, one line of JSON each way (see ControlCommands). Only the user of the process can
/// connect. No client can disturb the sidecar or another client: requests are limited in size, time and
/// number.
///
/// The thread of the io_context only, or any while nobody runs that.
class ControlSocket {
  public:
    /// Opens the socket at once; an error names the path and the remedy. Requests are answered as soon as the
    /// context runs. Context, nodes and readiness must outlive this object; their answers may come later,
    /// they are dropped.
    [[nodiscard]] static base::Result<std::unique_ptr<ControlSocket>> open(ControlSocketOptions options,
                                                                           boost::asio::io_context& context,
                                                                           NodeCommands& nodes,
                                                                           const Readiness& readiness,
                                                                           base::Log log);

    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    /// Removes the file and ends every connection; those that wait for an answer do not get it.
    void stop();

  private:
    class Impl;
    explicit ControlSocket(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace admin
