// The shipped configurations of nginx and HAProxy, with the real programs in front of a sidecar.

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <regex>
#include <vector>

#include "support/follower.h"
#include "support/paths.h"
#include "support/programs.h"
#include "support/raw_client.h"

namespace deploy {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using support::Follower;
using support::RawClient;
using support::Sidecar;
using support::SimulatedNetwork;

/// At one event a second, a proxy that holds anything back until the next one is far above it.
constexpr auto kMostDelay = 500ms;
constexpr auto kKeepAlive = 15s;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("the configuration has no " + from);
    while (text.find(from) != std::string::npos) text.replace(text.find(from), from.size(), to);
    return text;
}

/// A proxy in the foreground, with its shipped configuration but for the ports.
class Proxy {
  public:
    virtual ~Proxy() = default;

    void start() {
        process_.emplace(command(), folder_.path() / "proxy.log");
        const auto listens = [this] {
            try {
                const RawClient client(port_);
                return true;
            } catch (const std::exception&) {
                return false;
            }
        };
        if (!support::eventually([&] { return listens(); }, 30s))
            throw std::runtime_error(process_->output());
    }
    void stop() {
        process_->signal(SIGTERM);
        if (!process_->wait()) throw std::runtime_error("the proxy does not end: " + process_->output());
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  protected:
    static std::string shipped(const std::string& file, const Sidecar& sidecar) {
        auto text = support::read_file(support::project_folder() / "deploy" / file);
        text = replaced(text, "127.0.0.1:19999", fmt::format("127.0.0.1:{}", sidecar.port()));
        return replaced(text, "127.0.0.1:18888", fmt::format("127.0.0.1:{}", sidecar.rest_port()));
    }
    [[nodiscard]] virtual std::vector<std::string> command() const = 0;
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  private:
    const support::TemporaryFolder folder_;
    const std::uint16_t port_ = support::free_port();
    std::optional<support::Process> process_;
};

class Nginx final : public Proxy {
  public:
    explicit Nginx(const Sidecar& sidecar) {
        const auto server = folder() / "event-sidecar.conf";
        support::write_file(server, replaced(shipped("nginx/event-sidecar.conf", sidecar), "listen 80;",
                                             fmt::format("listen 127.0.0.1:{};", port())));
        std::string text =
            "daemon off; worker_processes 1; error_log stderr; pid nginx.pid; events {}\nhttp { access_log "
            "off;\n";
        for (const auto* const kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
            text += fmt::format("{}_temp_path {};\n", kind, (folder() / kind).string());
        support::write_file(file_, text + fmt::format("include {};\n}}\n", server.string()));
    }

  private:
    [[nodiscard]] std::vector<std::string> command() const override {
        return {"/usr/sbin/nginx", "-e", "stderr", "-p", folder(), "-c", file_};
    }
    const std::filesystem::path file_ = folder() / "nginx.conf";
};

class Haproxy final : public Proxy {
  public:
    explicit Haproxy(const Sidecar& sidecar) {
        support::write_file(file_, replaced(shipped("haproxy/haproxy.cfg", sidecar), "bind :80\n",
                                            fmt::format("bind 127.0.0.1:{}\n", port())));
    }

  private:
    [[nodiscard]] std::vector<std::string> command() const override {
        return {"/usr/sbin/haproxy", "-db", "-f", file_};
    }
    const std::filesystem::path file_ = folder() / "haproxy.cfg";
};

/// A sidecar that gets an event about once a second, and the proxy in front of it.
template <class Kind>
class ProxyTest : public testing::Test {
  protected:
    ProxyTest() {
        sidecar_.start();
        proxy_.emplace(sidecar_);
        proxy_->start();
    }

    const support::TemporaryFolder folder_;
    SimulatedNetwork network_{folder_.path(), {"--nodes", "1", "--rate", "1", "--payload-size", "400"}};
    Sidecar sidecar_{folder_.path(), {.nodes = network_.nodes()}};
    std::optional<Kind> proxy_;
};

/// A subscriber of the events from now on.
RawClient subscribe(std::uint16_t port) {
    RawClient client(port);
    client.send("GET /events/sigs HTTP/1.1\r\nhost: sidecar.example\r\n\r\n");
    if (!client.read_until_contains("\r\n\r\n")) throw std::runtime_error(client.received());
    return client;
}

std::string id_line(std::uint64_t id) {
    return fmt::format("\nid:{}\n\n", id);
}

std::uint64_t newest_id(const Sidecar& sidecar) {
    const auto head = support::fetch(sidecar.port(), "HEAD /events HTTP/1.1\r\n");
    std::smatch found;
    const bool is_there =
        std::regex_search(head, found, std::regex("x-sidecar-newest-id: (\\d+)", std::regex::icase));
    if (!is_there) throw std::runtime_error(head);
    return std::stoull(found[1]);
}

using Proxies = testing::Types<Nginx, Haproxy>;
class NamesOfProxies {
  public:
    template <class Kind>
    static std::string GetName(int) {
        return std::is_same_v<Kind, Nginx> ? "Nginx" : "Haproxy";
    }
};
TYPED_TEST_SUITE(ProxyTest, Proxies, NamesOfProxies);

TYPED_TEST(ProxyTest, PassesEachEventOnAtOnce) {
    auto direct = subscribe(this->sidecar_.port());
    auto proxied = subscribe(this->proxy_->port());
    EXPECT_NE(proxied.received().find("text/event-stream"), std::string::npos) << proxied.received();
    const auto first = newest_id(this->sidecar_) + 1;
    std::vector<Clock::duration> delays;
    for (std::uint64_t id = first; id < first + 6; ++id) {
        ASSERT_TRUE(direct.read_until_contains(id_line(id))) << this->sidecar_.log();
        const auto arrived = Clock::now();
        ASSERT_TRUE(proxied.read_until_contains(id_line(id))) << proxied.received();
        delays.push_back(Clock::now() - arrived);
    }
    // One that holds events back does so with each, until the next comes; a busy machine with few.
    std::ranges::sort(delays);
    const auto median = delays[delays.size() / 2];
    EXPECT_LT(median, kMostDelay);
    this->RecordProperty(
        "median_delay_us",
        static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(median).count()));
}

TYPED_TEST(ProxyTest, PassesKeepAliveCommentsOn) {
    auto proxied = subscribe(this->proxy_->port());
    this->network_.control("POST", "/stop");
    EXPECT_TRUE(proxied.read_until_contains(":\n\n", kKeepAlive + 10s)) << proxied.received();
    EXPECT_FALSE(proxied.closed());
}

TYPED_TEST(ProxyTest, ASubscriberThatComesBackWithItsCursorMissesNothing) {
    const Follower follower(this->proxy_->port(), "/events");
    const Follower direct(this->sidecar_.port(), "/events");
    ASSERT_TRUE(support::eventually([&] { return follower.count() > 0; }));
    const auto connections = follower.connections();
    this->proxy_->stop();
    const auto last = newest_id(this->sidecar_);
    ASSERT_TRUE(support::eventually([&] { return direct.last_id() > last + 1; })) << "events go on meanwhile";
    this->proxy_->start();
    const auto wanted = direct.last_id();
    ASSERT_TRUE(support::eventually([&] { return follower.last_id() >= wanted; }));
    EXPECT_GT(follower.connections(), connections);
    EXPECT_TRUE(follower.complaints().empty()) << follower.complaints().front();
    const auto through = follower.received();
    for (std::size_t i = 0; i < through.size(); ++i) EXPECT_EQ(through[i].id, i + 1) << "nothing is missing";
}

TYPED_TEST(ProxyTest, LeadsQueriesToTheRestServer) {
    const auto port = this->proxy_->port();
    EXPECT_NE(support::fetch(port, "GET /status HTTP/1.1\r\n").find("\"feed_id\""), std::string::npos);
    EXPECT_NE(support::fetch(port, "GET /rest/events?limit=1 HTTP/1.1\r\n").find("\"next\""),
              std::string::npos);
    EXPECT_NE(support::fetch(port, "GET /nonsense HTTP/1.1\r\n").find("Invalid request path provided"),
              std::string::npos);
    EXPECT_NE(support::fetch(port, "GET /events/nonsense HTTP/1.1\r\n").find("invalid path"),
              std::string::npos);
}

}  // namespace
}  // namespace deploy
