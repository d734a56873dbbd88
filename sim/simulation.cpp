#include "sim/simulation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/chain.h"
#include "sim/payload_edit.h"
#include "sim/replay_source.h"
#include "sim/uniform_source.h"
#include "tls/server_context.h"

namespace sim {
namespace {

namespace asio = boost::asio;

std::uint64_t height_by_now(std::chrono::milliseconds block_interval) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return static_cast<std::uint64_t>(std::max<std::int64_t>(1, (now - kGenesis) / block_interval));
}

std::uint16_t nth_port(std::uint16_t first, std::size_t index) {
    return first == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(first + index);
}

}  // namespace

base::Result<std::unique_ptr<Simulation>> Simulation::start(asio::io_context& context, Options options,
                                                            base::Log log) {
    std::unique_ptr<Simulation> simulation(new Simulation(context, std::move(options), std::move(log)));
    if (auto opened = simulation->open_nodes(); !opened) return opened.error();
    if (auto opened = simulation->open_producer(); !opened) return opened.error();
    if (auto opened = simulation->open_control(); !opened) return opened.error();
    return simulation;
}

Simulation::Simulation(asio::io_context& context, Options options, base::Log log)
    : context_(context), options_(std::move(options)), log_(std::move(log)), fault_timer_(context) {
    if (options_.wall_clock) options_.chain.first_height = height_by_now(options_.chain.block_interval);
}

base::Result<void> Simulation::open_nodes() {
    if (options_.tls) {
        auto tls = tls::ServerContext::load(*options_.tls, log_);
        if (!tls) return tls.error();
        tls_ = std::move(*tls);
    }
    const auto* const scheme = tls_ ? "https" : "http";
    for (std::size_t i = 0; i < options_.nodes; ++i) {
        nodes_.push_back(std::make_unique<Node>(context_, node_options(i), log_, metrics_));
        if (auto opened = nodes_.back()->listen(); !opened) return opened;
        log_->info("node {}: {}://{}:{}/status, {}://{}:{}/events/main", i + 1, scheme, options_.bind_address,
                   nodes_.back()->rest_port(), scheme, options_.bind_address, nodes_.back()->sse_port());
    }
    return {};
}

base::Result<void> Simulation::open_producer() {
    auto source = make_source();
    if (!source) return source.error();
    producer_ =
        std::make_unique<Producer>(context_, options_.production, std::move(*source), node_pointers());
    return producer_->start([this] { begin_faults(); });
}

base::Result<void> Simulation::open_control() {
    if (!options_.control_port) return {};
    control_ = std::make_unique<Control>(
        Controlled{node_pointers(), *producer_,
                   [this](std::vector<ScheduledFault> faults) { add_faults(std::move(faults)); },
                   [this] { schedule_.clear(); }});
    net::HttpServerOptions server;
    server.name = "control";
    server.bind_address = options_.bind_address;
    server.port = *options_.control_port;
    auto opened = net::HttpServer::open(
        server, {&context_},
        [this](const net::Request& request, std::size_t) { return net::ready(control_->answer(request)); },
        log_, metrics_);
    if (!opened) return opened.error();
    control_server_ = std::move(*opened);
    control_server_->start();
    log_->info("control: http://{}:{}/state", options_.bind_address, control_server_->port());
    return {};
}

base::Result<std::unique_ptr<EventSource>> Simulation::make_source() const {
    if (!options_.replay.empty()) {
        auto source = ReplaySource::open(options_.replay);
        if (!source) return source.error();
        return std::unique_ptr<EventSource>(std::move(*source));
    }
    if (options_.kind) {
        // A stamp is part of the size that was asked for.
        const auto stamp = options_.production.stamp && options_.payload_size != 0 ? kStampSize : 0;
        const auto size =
            options_.payload_size > stamp ? options_.payload_size - stamp : options_.payload_size;
        auto source = UniformSource::make(options_.chain, *options_.kind, size);
        if (!source) return source.error();
        return std::unique_ptr<EventSource>(std::move(*source));
    }
    return std::unique_ptr<EventSource>(std::make_unique<Chain>(options_.chain));
}

NodeOptions Simulation::node_options(std::size_t index) const {
    const Identity identity(options_.chain.seed, 1);
    NodeOptions node;
    node.index = index;
    node.bind_address = options_.bind_address;
    node.rest_port = nth_port(options_.rest_port, index);
    node.sse_port = nth_port(options_.sse_port, index);
    node.buffer = options_.buffer;
    node.first_id = options_.first_id;
    node.keep_alive = options_.keep_alive;
    node.until_close = options_.until_close;
    node.tls = tls_;
    node.status.build_version = options_.build_version;
    node.status.api_version = options_.chain.protocol_version;
    node.status.network = options_.chain.name;
    node.status.signing_key = identity.public_key("validator", index);
    node.status.starting_state_root_hash = identity.hash("state_root", options_.chain.first_height);
    node.status.lowest_height = options_.chain.first_height;
    for (std::size_t peer = 0; peer < options_.nodes; ++peer) {
        if (peer == index) continue;
        const auto id = identity.hash("peer", peer);
        node.status.peers.emplace_back("tls:" + id.substr(0, 4) + ".." + id.substr(60),
                                       options_.bind_address + ":" + std::to_string(35000 + peer));
    }
    return node;
}

std::vector<Node*> Simulation::node_pointers() const {
    std::vector<Node*> pointers;
    for (const auto& node : nodes_) pointers.push_back(node.get());
    return pointers;
}

void Simulation::begin_faults() {
    if (options_.storm) {
        schedule_.set_storm(Storm(*options_.storm, nodes_.size(), Clock::now() - origin_));
    }
    add_faults(options_.faults);
}

void Simulation::add_faults(std::vector<ScheduledFault> faults) {
    const auto now = Clock::now() - origin_;
    for (auto& fault : faults) {
        fault.at += now;
        schedule_.add(std::move(fault));
    }
    run_faults();
}

void Simulation::run_faults() {
    for (const auto& fault : schedule_.take_due(Clock::now() - origin_)) {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (!fault.node || *fault.node == i) nodes_[i]->apply(fault);
        }
    }
    const auto next = schedule_.next_time();
    if (!next) return;
    fault_timer_.expires_at(origin_ + *next);
    fault_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) run_faults();
    });
}

std::string Simulation::ready_line() const {
    nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes.push_back(
            {{"node", i + 1}, {"sse_port", nodes_[i]->sse_port()}, {"rest_port", nodes_[i]->rest_port()}});
    }
    nlohmann::ordered_json line{{"nodes", std::move(nodes)}, {"control_port", nullptr}};
    if (control_server_) line["control_port"] = control_server_->port();
    return line.dump();
}

}  // namespace sim
