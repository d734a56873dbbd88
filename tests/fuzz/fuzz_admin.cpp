// A request to the admin server, from its first byte to the answer: any bytes must give a proper answer, and
// none may change anything without the token. With the token, a node that is added must be the one that was
// asked for.

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string_view>
#include <toml.hpp>

#include "admin/admin_server.h"
#include "admin/log_routes.h"
#include "admin/node_routes.h"
#include "admin/stream_routes.h"
#include "base/log_level.h"
#include "net/percent_encoding.h"
#include "net/request_parser.h"

namespace {

namespace asio = boost::asio;

constexpr std::string_view kToken = "5d41402abc4b2a76b9719d911017c592";
constexpr net::RequestSizes kSizes{.max_target = 8000, .max_header = 16 * 1024, .max_body = 64 * 1024};

void require(bool condition) {
    if (!condition) std::abort();
}

upstream::NodeReport report_of(std::string name) {
    upstream::NodeReport report;
    report.name = std::move(name);
    return report;
}

/// Takes every TOML whose name, if it has one, is a text. The configuration's own rules are tested elsewhere;
/// one of them is here too, as toml11 3.7 cannot read what is not UTF-8.
base::Result<upstream::NodeSpec> parse(const std::string& text) {
    if (!net::is_utf8(text)) return base::invalid("not UTF-8");
    try {
        std::istringstream stream(text);
        const auto table = toml::parse(stream, "body");
        upstream::NodeSpec node;
        node.options.name = toml::find_or(table, "name", std::string("unnamed"));
        node.configuration = text;
        return node;
    } catch (const std::exception&) {
        return base::invalid("not valid TOML");
    }
}

std::vector<admin::AdminRoute> all_routes(admin::NodeCommands& nodes, admin::StreamControl& streams,
                                          const base::Log& lines) {
    auto routes = admin::node_routes(nodes);
    for (auto& more : {admin::stream_routes(streams, lines), admin::log_routes(lines)})
        routes.insert(routes.end(), more.begin(), more.end());
    return routes;
}

/// One node, "a"; counts what is asked of it. Answers at once.
class Nodes : public upstream::Steering {
  public:
    void report(Reports reports) override { reports({report_of("a")}); }
    void suspend(std::string node, Answer answer) override { change(node, answer); }
    void resume(std::string node, Answer answer) override { change(node, answer); }
    void remove(std::string node, Answer answer) override { change(node, answer); }
    void add(upstream::NodeSpec node, Answer answer) override {
        ++changes;
        added = std::move(node);
        answer(report_of(added->options.name));
    }

    int changes = 0;
    std::optional<upstream::NodeSpec> added;

  private:
    void change(const std::string& node, const Answer& answer) {
        ++changes;
        node == "a" ? answer(report_of(node)) : answer(base::invalid("there is no node " + node));
    }
};

class Store : public storage::NodeStore {
  public:
    [[nodiscard]] std::vector<storage::NodeIntent> intents() const override { return {}; }
    void save(storage::NodeIntent, std::function<void()>) override { std::abort(); }
    [[nodiscard]] std::vector<storage::NodeGap> gaps() const override { return {}; }
    void save(storage::NodeGap, std::function<void()>) override { std::abort(); }
    void note(storage::NodeObservation) override { std::abort(); }
    [[nodiscard]] base::Result<std::vector<storage::NodeObservation>> history(
        std::string_view node, std::size_t most) const override {
        require(most >= 1 && most <= kHistoryPerNode);
        std::vector<storage::NodeObservation> history(node == "a" ? 1 : 0);
        return history;
    }
};

class Streams : public admin::StreamControl {
  public:
    void report(std::function<void(Subscribers)> answer) override { answer({{.id = 1}}); }
    void close(std::uint64_t id, std::function<void(bool)> answer) override {
        ++changes;
        answer(id == 1);
    }
    void drain(std::chrono::seconds over) override {
        require(over >= std::chrono::seconds(0) && over <= std::chrono::hours(1));
        ++changes;
    }
    void end_drain() override { ++changes; }
    [[nodiscard]] admin::DrainReport drain_report() const override { return {}; }

    int changes = 0;
};

class World {
  public:
    World() {
        const admin::Options options{.bind_address = "127.0.0.1",
                                     .port = 0,
                                     .max_concurrent_requests = 1'000'000,
                                     .max_requests_per_second = 1'000'000'000,
                                     .token = std::string(kToken)};
        auto routes = all_routes(commands_, streams, lines);
        server_ = std::move(
            admin::AdminServer::open(options, std::move(routes), base::make_null_log(), metrics_, {})
                .value());
    }

    net::Response ask(const net::Request& request) {
        std::optional<net::Response> response;
        auto asking = [this, request, &response]() -> asio::awaitable<void> {
            net::Request copy = request;
            auto answer = server_->answer(std::move(copy));
            response = co_await std::move(answer);
        };
        auto& context = server_->context();
        asio::co_spawn(context, asking, asio::detached);
        while (!response) context.run_one();
        context.poll();
        return std::move(*response);
    }

    [[nodiscard]] bool changed() const {
        return nodes.changes > 0 || streams.changes > 0 || base::level_of(lines) != "info";
    }
    void forget_changes() {
        nodes.changes = 0;
        streams.changes = 0;
        nodes.added.reset();
        require(base::set_level(lines, "info"));
    }

    Nodes nodes;
    Streams streams;
    base::Log lines = base::make_null_log();

  private:
    base::Metrics metrics_;
    Store store_;
    admin::NodeCommands commands_{nodes, store_, parse};
    std::unique_ptr<admin::AdminServer> server_;
};

void check(const net::Response& response) {
    require(response.status >= 200 && response.status < 600 && response.status != 500);
    if (response.status < 400 || net::find_header(response.headers, "content-encoding")) return;
    const auto error = nlohmann::json::parse(net::bytes_of(response.body), nullptr, false);
    require(error.is_object() && error["code"] == response.status);
    require(!error["message"].get<std::string>().empty());
}

bool same(const toml::value& stored, const nlohmann::json& asked) {
    if (asked.is_string()) return stored.is_string() && stored.as_string().str == asked.get<std::string>();
    if (asked.is_boolean()) return stored.is_boolean() && stored.as_boolean() == asked.get<bool>();
    if (asked.is_array()) return stored.is_array();
    if (asked.is_object()) return stored.is_table();
    if (asked.is_number_integer() && stored.is_integer())
        return stored.as_integer() == asked.get<std::int64_t>();
    return asked.is_number() && stored.is_floating();
}

/// What is stored says what was asked for, and nothing else.
void check(const upstream::NodeSpec& node, const net::Request& request) {
    require(request.method == "PUT" && request.path().starts_with("/nodes/"));
    const auto asked = nlohmann::json::parse(request.body, nullptr, false);
    if (!asked.is_object()) return;
    std::istringstream stream(node.configuration);
    const auto stored = toml::parse(stream, "configuration").as_table();
    std::size_t expected = 0;
    for (const auto& [key, value] : asked.items()) {
        if (value.is_null()) continue;
        ++expected;
        require(stored.contains(key) && same(stored.at(key), value));
    }
    const bool was_named = asked.contains("name") && !asked["name"].is_null();
    const bool is_named = stored.contains("name");
    require(stored.size() == expected + (is_named && !was_named ? 1 : 0));
    if (is_named && stored.at("name").is_string())
        require(stored.at("name").as_string().str == node.options.name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    net::RequestParser parser(kSizes);
    static_cast<void>(parser.take({reinterpret_cast<const char*>(data), size}));
    if (parser.stage() != net::RequestParser::Stage::Done) return 0;

    net::Request request = parser.request();
    check(world.ask(request));
    require(!world.changed());

    request.headers.insert(request.headers.begin(), {"authorization", "Bearer " + std::string(kToken)});
    check(world.ask(request));
    if (world.nodes.added) check(*world.nodes.added, request);
    if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS")
        require(!world.changed());
    world.forget_changes();
    return 0;
}
