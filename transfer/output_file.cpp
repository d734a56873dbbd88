#include "transfer/output_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace transfer {

namespace {

base::Error cannot_write(const std::string& name, int error) {
    const std::string cause = "cannot write " + name + ": " + std::strerror(error);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        return base::unavailable(cause + "; free some space, or write elsewhere with --output");
    return base::unavailable(cause);
}

}  // namespace

base::Result<OutputFile> OutputFile::open(const std::string& path) {
    if (path == "-") return OutputFile(STDOUT_FILENO, "standard output");
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return cannot_write(path, errno);
    return OutputFile(descriptor, path);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

OutputFile::~OutputFile() {
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

base::Result<OutputFile::State> OutputFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            return State::ReaderGone;
        } else if (errno != EINTR) {
            return cannot_write(name_, errno);
        }
    }
    return State::Open;
}

base::Result<void> OutputFile::finish() {
    // A pipe or terminal has nothing that could be synchronised.
    if (::fsync(descriptor_) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP) return {};
    return cannot_write(name_, errno);
}

}  // namespace transfer
