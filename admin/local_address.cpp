#include "admin/local_address.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace admin {

namespace {

using Endpoint = boost::asio::local::stream_protocol::endpoint;

/// sockaddr_un holds 108 bytes with the final zero.
constexpr std::size_t kMaxPath = 107;

}  // namespace

base::Result<LocalAddress> LocalAddress::of(const std::filesystem::path& path) {
    if (path.native().size() <= kMaxPath) return LocalAddress(Endpoint(path.native()), -1);

    const auto parent = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
    const int folder = ::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return base::unavailable(fmt::format("cannot open the folder {}: {}", parent.native(),
                                             std::generic_category().message(errno)));
    }
    LocalAddress address(Endpoint(), folder);
    const auto way = fmt::format("/proc/self/fd/{}/{}", folder, path.filename().native());
    if (way.size() > kMaxPath) {
        return base::invalid(
            fmt::format("the file name {} is too long for a socket", path.filename().native()));
    }
    address.endpoint_ = Endpoint(way);
    return address;
}

LocalAddress::LocalAddress(LocalAddress&& other) noexcept
    : endpoint_(other.endpoint_), folder_(std::exchange(other.folder_, -1)) {}

LocalAddress& LocalAddress::operator=(LocalAddress&& other) noexcept {
    std::swap(endpoint_, other.endpoint_);
    std::swap(folder_, other.folder_);
    return *this;
}

LocalAddress::~LocalAddress() {
    if (folder_ >= 0) ::close(folder_);
}

}  // namespace admin
