#pragma once

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>

#include "sim/simulation.h"
#include "support/process.h"
#include "support/raw_client.h"

namespace sim_test {

/// A simulation on a thread of its own, on free ports, with its control port open.
class Network {
  public:
    explicit Network(sim::Options options) {
        options.rest_port = 0;
        options.sse_port = 0;
        options.control_port = 0;
        simulation_ = sim::Simulation::start(context_, std::move(options), base::make_null_log()).value();
        ready_ = nlohmann::json::parse(simulation_->ready_line());
        thread_ = std::thread([this] { context_.run(); });
    }
    ~Network() {
        context_.stop();
        thread_.join();
    }
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    [[nodiscard]] std::uint16_t sse_port(std::size_t node = 1) const {
        return ready_["nodes"][node - 1]["sse_port"];
    }
    [[nodiscard]] std::uint16_t rest_port(std::size_t node = 1) const {
        return ready_["nodes"][node - 1]["rest_port"];
    }

    /// Opens a stream and sends the request.
    [[nodiscard]] support::RawClient stream(const std::string& target, std::size_t node = 1,
                                            const std::string& version = "1.1") const {
        support::RawClient client(sse_port(node));
        client.send("GET " + target + " HTTP/" + version + "\r\nHost: node\r\n\r\n");
        return client;
    }

    [[nodiscard]] nlohmann::json state() const { return ask("GET", "/state"); }
    [[nodiscard]] nlohmann::json node_state(std::size_t node = 1) const { return state()["nodes"][node - 1]; }
    [[nodiscard]] nlohmann::json ask(const std::string& method, const std::string& target,
                                     const std::string& body = {}) const {
        support::RawClient client(ready_["control_port"].get<std::uint16_t>());
        client.send(method + " " + target +
                    " HTTP/1.1\r\nhost: control\r\nconnection: close\r\ncontent-length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
        if (!client.read_to_end()) throw std::runtime_error("no answer from the control port");
        return nlohmann::json::parse(support::body_of(client.received()));
    }
    void fault(const std::string& text) const { (void)ask("POST", "/faults", text); }

    /// Produces so many more events, and waits until every node has them.
    void produce(std::size_t events) const {
        (void)ask("POST", "/start?events=" + std::to_string(events));
        if (!support::eventually([&] {
                const auto now = state();
                return now["producing"] == false && now["pending"] == 0;
            })) {
            throw std::runtime_error("the events did not come");
        }
    }

  private:
    boost::asio::io_context context_{1};
    std::unique_ptr<sim::Simulation> simulation_;
    nlohmann::json ready_;
    std::thread thread_;
};

}  // namespace sim_test
