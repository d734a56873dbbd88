#include "storage/lock_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace storage {

namespace {

std::string holder(int descriptor) {
    std::array<char, 32> text{};
    const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
    if (length <= 0) return "another process";
    const std::string_view line(text.data(), static_cast<std::size_t>(length));
    return "process " + std::string(line.substr(0, line.find('\n')));
}

base::Error cannot_lock(int error, int descriptor, const std::filesystem::path& path) {
    if (error == EWOULDBLOCK) {
        return base::unavailable(holder(descriptor) + " already works on this log and holds " +
                                 path.string() + "; end it, or choose another storage_path or file_name");
    }
    return base::unavailable("cannot lock " + path.string() + ": " + std::strerror(error) +
                             "; the folder must lie on a file system that has file locks");
}

}  // namespace

base::Result<LockFile> LockFile::acquire(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        const int error = errno;
        return base::unavailable("cannot write " + path.string() + ": " + std::strerror(error) +
                                 "; check the owner and the permissions of its folder");
    }
    LockFile lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return cannot_lock(errno, descriptor, path);

    // Only a hint for the message of a second process: on a full disk the lock holds without it.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, pid.data(), pid.size(), 0);
    return lock;
}

bool LockFile::is_held(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return held;
}

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

LockFile::~LockFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace storage
