#include "upstream/status_probe.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <simdjson.h>
#include <stdexcept>

#include "base/as_tuple.h"

namespace upstream {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::uint64_t kLargestStatus = std::uint64_t{4} << 20;

ProbeError failure(ProbeError::Reason reason, std::string message) {
    return {reason, std::move(message)};
}

boost::system::result<base::ApiVersion, ProbeError> parse_build_version(simdjson::dom::element value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) {
        return failure(ProbeError::Reason::NotAString, "the build_version of its status is not a string");
    }
    const bool begins_with_digit = !text.empty() && text.front() >= '0' && text.front() <= '9';
    if (!begins_with_digit) {
        return failure(ProbeError::Reason::IncomprehensibleForm,
                       fmt::format("the build_version \"{}\" of its status has no version in it", text));
    }
    const auto version = base::ApiVersion::parse(text);
    if (!version) {
        return failure(ProbeError::Reason::NotAVersion,
                       fmt::format("the build_version \"{}\" of its status is not MAJOR.MINOR.PATCH", text));
    }
    return *version;
}

/// Sends the request and gives the body of a 200 answer.
asio::awaitable<boost::system::result<std::string, ProbeError>> fetch(TcpConnection& connection,
                                                                      const Address& address) {
    using enum ProbeError::Reason;
    http::request<http::empty_body> request(http::verb::get, "/status", 11);
    request.set(http::field::host, address.authority());
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
    const auto [write_error, written] =
        co_await http::async_write(connection.socket(), request, base::kAsTuple);
    if (write_error)
        co_return failure(Unreachable, "the status request was cut off: " + write_error.message());

    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kLargestStatus);
    const auto [error, read] = co_await http::async_read(connection.socket(), buffer, parser, base::kAsTuple);
    if (connection.timed_out()) co_return failure(Unreachable, "no answer to the status request in time");
    if (error) co_return failure(Unreachable, "no answer to the status request: " + error.message());
    if (parser.get().result() != http::status::ok) {
        co_return failure(Unreachable, fmt::format("the status request was answered with HTTP status {}",
                                                   parser.get().result_int()));
    }
    co_return std::move(parser.get().body());
}

}  // namespace

void throw_exception_from_error(const ProbeError& error, const boost::source_location&) {
    throw std::runtime_error(error.message);
}

std::string_view ProbeError::metric() const {
    switch (reason) {
        case Reason::Unreachable:
            return {};
        case Reason::NotInPayload:
            return "failed_getting_status_from_payload";
        case Reason::NotAString:
            return "version_value_not_a_string";
        case Reason::IncomprehensibleForm:
            return "incomprehensible_build_version_form";
        case Reason::NotAVersion:
            return "failed_parsing_protocol_version";
    }
    return {};
}

ProbeResult parse_status(std::string_view body) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(body.data(), body.size(), true).get_object().get(object) != simdjson::SUCCESS) {
        return failure(ProbeError::Reason::NotInPayload, "its status is not a JSON object");
    }
    simdjson::dom::element value;
    if (object["build_version"].get(value) != simdjson::SUCCESS) {
        return failure(ProbeError::Reason::NotInPayload, "its status has no build_version");
    }
    const auto version = parse_build_version(value);
    if (!version) return version.error();

    NodeStatus status;
    status.build_version = *version;
    std::string_view text;
    if (object["chainspec_name"].get_string().get(text) == simdjson::SUCCESS) status.chainspec_name = text;
    if (object["our_public_signing_key"].get_string().get(text) == simdjson::SUCCESS) {
        status.our_public_signing_key = text;
    }
    return status;
}

asio::awaitable<ProbeResult> probe_status(std::shared_ptr<TcpConnection> connection, Address address,
                                          std::chrono::milliseconds timeout) {
    const auto deadline = TcpConnection::Clock::now() + timeout;
    const auto connected = co_await connection->connect(address, deadline);
    if (!connected) co_return failure(ProbeError::Reason::Unreachable, connected.error().message);

    connection->set_deadline(deadline);
    const auto body = co_await fetch(*connection, address);
    connection->close();
    if (!body) co_return body.error();
    co_return parse_status(*body);
}

}  // namespace upstream
