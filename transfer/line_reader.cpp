#include "transfer/line_reader.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace transfer {

namespace {

constexpr std::size_t kBlock = 256 * 1024;

}  // namespace

LineReader::LineReader(int descriptor, std::size_t longest) : descriptor_(descriptor), longest_(longest) {}

base::Result<LineReader::Found> LineReader::next(std::string& line) {
    while (true) {
        const char* const begin = block_.data() + position_;
        const char* const end = block_.data() + block_.size();
        const auto* const found =
            begin == end
                ? nullptr
                : static_cast<const char*>(std::memchr(begin, '\n', static_cast<std::size_t>(end - begin)));
        if (found != nullptr) {
            take(begin, found);
            position_ = static_cast<std::size_t>(found - block_.data()) + 1;
            bytes_ += 1;
            return complete(line);
        }
        if (begin != end) take(begin, end);

        position_ = 0;
        block_.resize(kBlock);
        const ssize_t got = ::read(descriptor_, block_.data(), block_.size());
        const int error = errno;
        block_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        if (got < 0 && error == EINTR) return Found::Interrupted;
        if (got < 0) return base::unavailable(std::string("reading failed: ") + std::strerror(error));
        if (got == 0) return begun_ ? complete(line) : Found::End;
    }
}

void LineReader::take(const char* from, const char* to) {
    const auto size = static_cast<std::size_t>(to - from);
    bytes_ += size;
    begun_ = true;
    too_long_ = too_long_ || line_.size() + size > longest_;
    if (too_long_) {
        line_ = {};
    } else {
        line_.append(from, size);
    }
}

LineReader::Found LineReader::complete(std::string& line) {
    number_ += 1;
    begun_ = false;
    line = std::exchange(line_, {});
    if (std::exchange(too_long_, false)) return Found::TooLong;
    if (line.ends_with('\r')) line.pop_back();
    return Found::Line;
}

}  // namespace transfer
