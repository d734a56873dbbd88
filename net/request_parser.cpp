#include "net/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>
#include <limits>

namespace net {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t kUsualHeaders = 8;
constexpr std::size_t kAroundTarget = 64;  // the method and the version
// Beast's parser gives an error of ours back as it is; these are none of its own of a request.
constexpr auto kTargetTooLong = http::error::buffer_overflow;
constexpr auto kUnknownCoding = http::error::bad_status;

std::string_view to_std(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

/// Empty lines before a request are overlooked (RFC 9112, section 2.2).
std::size_t empty_lines(std::string_view bytes) {
    return std::min(bytes.find_first_not_of("\r\n"), bytes.size());
}

}  // namespace

RequestParser::RequestParser(const RequestSizes& sizes) : sizes_(sizes) {
    // Beast's own holds only for a head that comes in pieces.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(sizes.max_body);
    eager(true);
}

std::size_t RequestParser::take(std::string_view bytes) {
    const std::size_t skipped = got_some() ? 0 : empty_lines(bytes);
    bytes.remove_prefix(skipped);
    if (bytes.empty()) return skipped;

    Error error;
    std::size_t taken = is_header_done() ? 0 : take_head(bytes, error);
    if (is_header_done() && !is_done() && (!error || error == http::error::need_more))
        taken += put_all(bytes.substr(taken), error);
    if (error && error != http::error::need_more) {
        refuse(error, bytes);
    } else if (is_done()) {
        stage_ = Stage::Done;
    } else if (is_header_done()) {
        stage_ = Stage::InBody;
        // Beast bounds neither the extensions of a chunk nor trailers.
        if (bytes.size() - taken > sizes_.max_header)
            refuse(431, "the body's chunk extensions or trailers are too large");
    }
    return skipped + taken;
}

/// Of the head no more than is allowed, and what of the body comes with it.
std::size_t RequestParser::take_head(std::string_view bytes, Error& error) {
    const auto offered = bytes.substr(0, sizes_.max_header - head_size_);
    const std::size_t taken = put_all(offered, error);
    if (is_header_done()) return taken;
    if (error == http::error::need_more && head_size_ + offered.size() == sizes_.max_header)
        error = http::error::header_limit;
    head_size_ += taken;
    return taken;
}

std::size_t RequestParser::put_all(std::string_view bytes, Error& error) {
    return bytes.empty() ? 0 : put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
}

bool RequestParser::expects_continue() const {
    if (stage_ != Stage::InBody || request_.version < 11) return false;
    return boost::beast::iequals(request_.header("expect").value_or(""), "100-continue");
}

void RequestParser::refuse(unsigned status, std::string message) {
    stage_ = Stage::Refused;
    refusal_ = {status, std::move(message), {}};
}

void RequestParser::refuse(const Error& error, std::string_view bytes) {
    const auto line_room = sizes_.max_target + kAroundTarget;
    const bool endless_line =
        request_.target.empty() && bytes.substr(0, line_room).find('\n') == std::string_view::npos;
    if (error == kTargetTooLong || (error == http::error::header_limit && endless_line)) {
        refuse(414,
               fmt::format("the request's target is too long: expected at most {} bytes", sizes_.max_target));
    } else if (error == http::error::header_limit) {
        refuse(431, fmt::format("the request's headers are too large: expected at most {} bytes",
                                sizes_.max_header));
    } else if (error == http::error::body_limit) {
        refuse(413,
               fmt::format("the request's body is too large: expected at most {} bytes", sizes_.max_body));
    } else if (error == kUnknownCoding) {
        refuse(501, "the request's transfer coding is not known: expected chunked");
    } else {
        refuse(400, fmt::format("the request is not valid HTTP: {}", error.message()));
    }
}

void RequestParser::on_request_impl(http::verb, View method, View target, int version, Error& error) {
    if (target.size() > sizes_.max_target) {
        error = kTargetTooLong;
        return;
    }
    request_.method = to_std(method);
    request_.target = to_std(target);
    request_.version = static_cast<unsigned>(version);
    request_.headers.reserve(kUsualHeaders);
}

void RequestParser::on_field_impl(http::field field, View name, View value, Error& error) {
    if (is_header_done()) return;  // a trailer
    // Of any other Beast would take the body for the next request.
    if (field == http::field::transfer_encoding && !boost::beast::iequals(value, "chunked")) {
        error = kUnknownCoding;
        return;
    }
    request_.headers.emplace_back(to_std(name), to_std(value));
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, Error&) {
    if (length) request_.body.reserve(static_cast<std::size_t>(*length));
}

std::size_t RequestParser::on_body_impl(View bytes, Error&) {
    request_.body += to_std(bytes);
    return bytes.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View bytes, Error&) {
    request_.body += to_std(bytes);
    return bytes.size();
}

}  // namespace net
