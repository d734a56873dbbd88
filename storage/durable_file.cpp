#include "storage/durable_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace storage {

base::Result<void> make_durable(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (done) return {};
    return base::unavailable("cannot write " + path.string() + ": " + std::strerror(error) +
                             "; check the disk and its free space");
}

base::Result<void> move_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code error;
    std::filesystem::rename(from, to, error);
    if (error) {
        return base::unavailable("cannot rename " + from.string() + " to " + to.string() + ": " +
                                 error.message());
    }
    return make_durable(std::filesystem::absolute(to).parent_path());
}

}  // namespace storage
