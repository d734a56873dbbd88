#include "admin/control_client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "admin/local_address.h"
#include "admin/node_json.h"
#include "base/as_tuple.h"

namespace admin {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;
using nlohmann::ordered_json;

namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;

struct Exchange {
    std::string answer;  ///< without its newline
    error_code error;
    bool connected = false;
    bool done = false;
};

/// A request that is refused before it is read whole cannot be sent to its end; the answer is there all the
/// same.
asio::awaitable<void> exchange(stream_protocol::socket& socket, stream_protocol::endpoint endpoint,
                               std::string request, Exchange& result) {
    const auto [refused] = co_await socket.async_connect(endpoint, base::kAsTuple);
    result.error = refused;
    result.connected = !refused;
    if (result.connected) {
        const auto output = asio::buffer(request);
        co_await asio::async_write(socket, output, base::kAsTuple);
        auto input = asio::dynamic_buffer(result.answer, kMaxAnswer);
        const auto [error, size] = co_await asio::async_read_until(socket, input, '\n', base::kAsTuple);
        result.error = error;
        if (!error) result.answer.resize(size - 1);
    }
    result.done = true;
}

base::Error cannot_reach(const std::filesystem::path& socket, const error_code& error) {
    if (error == boost::system::errc::no_such_file_or_directory || error == asio::error::connection_refused) {
        return base::unavailable(
            fmt::format("nothing listens on {}: the sidecar is not running, or was started with another "
                        "control_socket",
                        socket.native()));
    }
    if (error == boost::system::errc::permission_denied) {
        return base::unavailable(
            fmt::format("{} is not open to this user; use the user that runs the sidecar", socket.native()));
    }
    return base::unavailable(fmt::format("cannot connect to {}: {}", socket.native(), error.message()));
}

base::Result<ordered_json> understand(const std::filesystem::path& socket, const std::string& text) {
    auto answer = ordered_json::parse(text, nullptr, false);
    const auto ok = answer.is_object() ? answer.find("ok") : answer.end();
    if (ok == answer.end() || !ok->is_boolean()) {
        return base::unavailable(
            fmt::format("what answers on {} is no sidecar; correct control_socket", socket.native()));
    }
    if (ok->get<bool>()) {
        return base::Result<ordered_json>(boost::system::in_place_value, std::move(answer));
    }
    const auto error = answer.find("error");
    const bool told = error != answer.end() && error->is_string();
    return base::invalid(told ? error->get<std::string>()
                              : std::string("the sidecar refuses and does not say why"));
}

}  // namespace

base::Result<ordered_json> ask(const std::filesystem::path& path, const ordered_json& request,
                               std::chrono::milliseconds patience) {
    const auto address = LocalAddress::of(path);
    if (!address) {
        return base::unavailable(
            fmt::format("cannot connect to {}: {}", path.native(), address.error().message));
    }

    Exchange result;
    asio::io_context context(1);
    stream_protocol::socket socket(context);
    asio::co_spawn(context, exchange(socket, address->endpoint(), line_of(request) + "\n", result),
                   asio::detached);
    context.run_for(patience);

    if (result.done && !result.error) return understand(path, result.answer);
    if (result.done && !result.connected) return cannot_reach(path, result.error);
    if (result.done) {
        return base::unavailable(fmt::format(
            "the sidecar closed {} without an answer; it may be stopping, see its log", path.native()));
    }
    return base::unavailable(fmt::format("the sidecar does not answer on {} within {} s; see its log",
                                         path.native(),
                                         std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
}

}  // namespace admin
