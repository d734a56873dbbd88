#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <sys/types.h>

#include "base/result.h"

namespace admin {

/// The file of a socket that this process listens on. It is removed with the object, unless another file has
/// taken its place.
class SocketFile {
  public:
    /// The file is there and is this process's own.
    explicit SocketFile(std::filesystem::path path);
    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

    void remove();

  private:
    std::filesystem::path path_;  ///< empty: nothing is to be removed
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

struct Listener {
    boost::asio::local::stream_protocol::acceptor acceptor;
    SocketFile file;
};

/// Listens on a path of any length; only the owner of the process can connect (mode 0600). The file of a
/// process that was killed is replaced. An error names the path and the remedy: somebody listens there
/// already, the path is no socket, the folder is missing or closed to us.
[[nodiscard]] base::Result<Listener> listen_on(boost::asio::io_context& context,
                                               const std::filesystem::path& path);

}  // namespace admin
