#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

#include "base/result.h"

namespace admin {

/// Where a Unix-domain socket is, for bind and connect. A socket's address holds 107 bytes of path; a longer
/// path is reached by way of its folder, which is open while this object lives. The address is of no use
/// afterwards, nor to another process.
class LocalAddress {
  public:
    /// Opens nothing unless the path is long; then an error says which folder or name is the obstacle.
    [[nodiscard]] static base::Result<LocalAddress> of(const std::filesystem::path& path);

    LocalAddress(LocalAddress&& other) noexcept;
    LocalAddress& operator=(LocalAddress&& other) noexcept;
    ~LocalAddress();

    [[nodiscard]] const boost::asio::local::stream_protocol::endpoint& endpoint() const { return endpoint_; }

  private:
    LocalAddress(boost::asio::local::stream_protocol::endpoint endpoint, int folder)
        : endpoint_(std::move(endpoint)), folder_(folder) {}

    boost::asio::local::stream_protocol::endpoint endpoint_;
    int folder_ = -1;  ///< -1: the path is short
};

}  // namespace admin
