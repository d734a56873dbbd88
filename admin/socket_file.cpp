#include "admin/socket_file.h"

#include <cerrno>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "admin/local_address.h"

namespace admin {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

std::optional<struct stat> status_of(const std::filesystem::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return status;
}

base::Error cannot_listen(const std::filesystem::path& path, std::string_view why) {
    return base::unavailable(fmt::format("control_socket {}: {}", path.native(), why));
}

std::string remedy_for(const error_code& error) {
    constexpr std::string_view kElsewhere = "or set another control_socket";
    if (error == boost::system::errc::no_such_file_or_directory) {
        return fmt::format("the folder does not exist; make it, {}", kElsewhere);
    }
    if (error == boost::system::errc::permission_denied) {
        return fmt::format("not permitted; check the owner of the folder, {}", kElsewhere);
    }
    return fmt::format("{}; correct this, {}", error.message(), kElsewhere);
}

/// Makes room for a new socket at the path: what a killed process left there is removed.
base::Result<void> clear_stale(asio::io_context& context, const std::filesystem::path& path,
                               const LocalAddress& address) {
    const auto status = status_of(path);
    if (!status) return {};
    if (!S_ISSOCK(status->st_mode)) {
        return cannot_listen(path,
                             "there is a file that is no socket; remove it, or set another control_socket");
    }
    // A full backlog would block the call: that, too, means that somebody listens.
    stream_protocol::socket probe(context, stream_protocol());
    probe.non_blocking(true);
    error_code error;
    probe.connect(address.endpoint(), error);
    if (!error || error == asio::error::would_block) {
        return cannot_listen(path,
                             "in use, another process listens there; stop it, or set another control_socket");
    }
    if (error == boost::system::errc::no_such_file_or_directory) return {};
    if (error != asio::error::connection_refused) return cannot_listen(path, remedy_for(error));
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return cannot_listen(path, remedy_for(error_code(errno, boost::system::system_category())));
}

}  // namespace

SocketFile::SocketFile(std::filesystem::path path) {
    const auto status = status_of(path);
    if (!status) return;
    path_ = std::move(path);
    device_ = status->st_dev;
    inode_ = status->st_ino;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile::~SocketFile() {
    remove();
}

void SocketFile::remove() {
    const auto path = std::exchange(path_, {});
    if (path.empty()) return;
    const auto status = status_of(path);
    if (!status || status->st_dev != device_ || status->st_ino != inode_) return;
    ::unlink(path.c_str());
}

base::Result<Listener> listen_on(asio::io_context& context, const std::filesystem::path& path) {
    const auto address = LocalAddress::of(path);
    if (!address) {
        return cannot_listen(path, fmt::format("{}; set another control_socket", address.error().message));
    }
    if (const auto cleared = clear_stale(context, path, *address); !cleared) return cleared.error();

    error_code error;
    stream_protocol::acceptor acceptor(context);
    acceptor.open(stream_protocol(), error);
    // The file gets the socket's mode, so that it is never open to others, whatever the umask.
    if (!error && ::fchmod(acceptor.native_handle(), S_IRUSR | S_IWUSR) != 0) {
        error.assign(errno, boost::system::system_category());
    }
    if (!error) acceptor.bind(address->endpoint(), error);
    if (error) return cannot_listen(path, remedy_for(error));
    SocketFile file(path);
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return cannot_listen(path, remedy_for(error));
    return Listener{std::move(acceptor), std::move(file)};
}

}  // namespace admin
