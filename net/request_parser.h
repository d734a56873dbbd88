#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http_message.h"

namespace net {

/// In bytes.
struct RequestSizes {
    std::size_t max_target = 0;
    std::size_t max_header = 0;  ///< request line and headers; also trailers, and a chunk's extensions
    std::size_t max_body = 0;
};

/// Reads one HTTP/1.0 or HTTP/1.1 request (RFC 9112) from the bytes of a connection straight into a Request.
class RequestParser : private boost::beast::http::basic_parser<true> {
  public:
    enum class Stage : std::uint8_t { InHead, InBody, Done, Refused };

    explicit RequestParser(const RequestSizes& sizes);

    /// Takes of `bytes`, which are all that has arrived and was not taken before, what belongs to this
    /// request, and tells how many these are. Call it again with the rest and more until stage() is Done or
    /// Refused.
    [[nodiscard]] std::size_t take(std::string_view bytes);

    [[nodiscard]] Stage stage() const { return stage_; }
    [[nodiscard]] Request& request() { return request_; }  ///< as far as it was read; its peer is left empty
    [[nodiscard]] const Refusal& refusal() const { return refusal_; }     ///< Stage::Refused only
    [[nodiscard]] bool wants_keep_alive() const { return keep_alive(); }  ///< Stage::Done only
    [[nodiscard]] bool expects_continue()
        const;  ///< Stage::InBody: the client waits for 100 (RFC 9110, 10.1.1)

  private:
    using Error = boost::beast::error_code;
    using View = boost::beast::string_view;

    [[nodiscard]] std::size_t take_head(std::string_view bytes, Error& error);
    [[nodiscard]] std::size_t put_all(std::string_view bytes, Error& error);
    void refuse(const Error& error, std::string_view bytes);
    void refuse(unsigned status, std::string message);

    void on_request_impl(boost::beast::http::verb method, View method_text, View target, int version,
                         Error& error) override;
    void on_response_impl(int, View, int, Error&) override {}
    void on_field_impl(boost::beast::http::field field, View name, View value, Error& error) override;
    void on_header_impl(Error&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) override;
    std::size_t on_body_impl(View bytes, Error& error) override;
    void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t remaining, View bytes, Error& error) override;
    void on_finish_impl(Error&) override {}

    const RequestSizes sizes_;
    Stage stage_ = Stage::InHead;
    std::size_t head_size_ = 0;  // of the head, as far as it was taken
    Request request_;
    Refusal refusal_;
};

}  // namespace net
