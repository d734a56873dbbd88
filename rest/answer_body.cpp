#include "rest/answer_body.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "net/offload.h"
#include "rest/indenter.h"

namespace rest {

namespace asio = boost::asio;

namespace {

/// Of a large payload at a time, as others wait while it is spread over lines or compressed.
constexpr std::size_t kSlice = std::size_t{64} << 10;

/// The parts of a content, one slice after the other.
class Slices {
  public:
    Slices(Content content, bool pretty, LargePayloads& payloads, asio::thread_pool& pool)
        : parts_(std::move(content.parts)), payloads_(payloads), pool_(pool) {
        if (pretty) indenter_.emplace();
    }

    /// A slice of white space may become nothing, which would be taken for the end.
    asio::awaitable<base::Result<net::SharedBody>> next() {
        for (;;) {
            while (at_hand_.bytes.empty()) {
                at_hand_ = {};
                if (next_part_ == parts_.size()) co_return net::SharedBody{};
                base::Result<net::SharedBody> read = co_await read_part(parts_[next_part_++]);
                if (!read) co_return read.error();
                at_hand_ = std::move(*read);
            }
            const auto slice = at_hand_.bytes.substr(0, kSlice);
            at_hand_.bytes.remove_prefix(slice.size());
            net::SharedBody piece = finished(slice);
            if (!piece.bytes.empty()) co_return piece;
        }
    }

  private:
    /// Each part is asked for once, and kept no longer than it is sent.
    asio::awaitable<base::Result<net::SharedBody>> read_part(Part& part) {
        if (auto* const text = std::get_if<std::string>(&part)) co_return owned(std::move(*text));
        if (auto* const body = std::get_if<net::SharedBody>(&part)) co_return std::exchange(*body, {});
        auto read = [this, large = std::get<LargePart>(part)] { return payloads_.read(large); };
        base::Result<net::SharedBody> result = co_await net::offload(pool_, std::move(read));
        co_return result;
    }

    net::SharedBody finished(std::string_view slice) {
        if (!indenter_) return {at_hand_.owner, slice};
        std::string text;
        indenter_->feed(slice, text);
        return owned(std::move(text));
    }

    static net::SharedBody owned(std::string text) {
        const auto owner = std::make_shared<const std::string>(std::move(text));
        return {owner, *owner};
    }

    std::vector<Part> parts_;
    std::size_t next_part_ = 0;
    net::SharedBody at_hand_;
    std::optional<Indenter> indenter_;
    LargePayloads& payloads_;
    asio::thread_pool& pool_;
};

std::string indented(std::string_view text) {
    std::string out;
    Indenter().feed(text, out);
    out.push_back('\n');
    return out;
}

}  // namespace

net::Body body_of(Content content, bool pretty, LargePayloads& payloads, asio::thread_pool& pool) {
    if (content.parts.size() == 1) {
        if (auto* const text = std::get_if<std::string>(&content.parts.front())) {
            if (pretty) return indented(*text);
            return std::move(*text);
        }
        auto* const whole = std::get_if<net::SharedBody>(&content.parts.front());
        if (whole != nullptr && !pretty) return std::move(*whole);
    }
    const auto slices = std::make_shared<Slices>(std::move(content), pretty, payloads, pool);
    return net::StreamedBody{[slices] { return slices->next(); }};
}

}  // namespace rest
