#include "server/config_checks.h"

#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <cstdint>
#include <map>
#include <utility>

namespace server {
namespace {

std::string lower(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

std::string connection_path(std::size_t index) {
    return "connections[" + std::to_string(index) + "]";
}

std::string default_name(const upstream::NodeOptions& node) {
    const bool ipv6 = node.ip_address.find(':') != std::string::npos;
    const auto host = ipv6 ? "[" + node.ip_address + "]" : node.ip_address;
    return host + ":" + std::to_string(node.sse_port);
}

void name_connections(LoadedConfig& loaded) {
    for (auto& node : loaded.config.connections) {
        if (node.name.empty()) node.name = default_name(node);
    }
}

std::string at_line(const LoadedConfig& loaded, const std::string& path) {
    return " (line " + std::to_string(loaded.line_of(path)) + ")";
}

void check_nodes(LoadedConfig& loaded) {
    std::map<std::pair<std::string, std::uint16_t>, std::size_t> first_at;
    for (std::size_t i = 0; i < loaded.config.connections.size(); ++i) {
        const auto& node = loaded.config.connections[i];
        if (node.ip_address.empty() || node.sse_port == 0) continue;
        const auto [first, added] = first_at.try_emplace({lower(node.ip_address), node.sse_port}, i);
        if (added) continue;
        const auto other = connection_path(first->second);
        loaded.add(connection_path(i) + ".sse_port", "is the same node as " + other + at_line(loaded, other) +
                                                         "; expected every ip_address with sse_port once");
    }
}

void check_names(LoadedConfig& loaded) {
    std::map<std::string, std::size_t> first_at;
    for (std::size_t i = 0; i < loaded.config.connections.size(); ++i) {
        const auto path = connection_path(i) + ".name";
        const auto& node = loaded.config.connections[i];
        const bool known = loaded.has(path) || (!node.ip_address.empty() && node.sse_port != 0);
        if (!known || !loaded.sound(path) || !loaded.sound(connection_path(i) + ".sse_port")) continue;
        const auto [first, added] = first_at.try_emplace(node.name, i);
        if (added) continue;
        const auto other = connection_path(first->second);
        loaded.add(path, "is " + quote(node.name) + ", the name of " + other + at_line(loaded, other) +
                             "; expected a name of its own");
    }
}

void check_retry_delays(LoadedConfig& loaded) {
    for (std::size_t i = 0; i < loaded.config.connections.size(); ++i) {
        const auto& node = loaded.config.connections[i];
        const auto path = connection_path(i) + ".max_delay_between_retries_in_seconds";
        const bool exponential = node.retry_strategy == upstream::NodeOptions::RetryStrategy::Exponential;
        if (!exponential || !loaded.sound(path)) continue;
        if (node.max_delay_between_retries >= node.delay_between_retries) continue;
        loaded.add(path, "is " + std::to_string(node.max_delay_between_retries.count()) +
                             ", less than delay_between_retries_in_seconds; expected " +
                             std::to_string(node.delay_between_retries.count()) + " or more");
    }
}

struct Listener {
    std::string section;
    std::string bind_address;
    std::uint16_t port;
};

/// Whether both cannot be bound at one time: a wildcard address takes every other one in.
bool collide(const Listener& a, const Listener& b) {
    if (a.port != b.port) return false;
    const auto first = boost::asio::ip::make_address(a.bind_address);
    const auto second = boost::asio::ip::make_address(b.bind_address);
    return first == second || first.is_unspecified() || second.is_unspecified();
}

void check_ports(LoadedConfig& loaded) {
    const auto& config = loaded.config;
    std::vector<Listener> listeners{
        {"rest_server", config.rest_server.bind_address, config.rest_server.port},
        {"event_stream_server", config.event_stream_server.bind_address, config.event_stream_server.port}};
    if (config.admin_server) {
        listeners.push_back({"admin_server", config.admin_server->bind_address, config.admin_server->port});
    }
    std::erase_if(listeners, [&](const Listener& listener) {
        return !loaded.has(listener.section) || !loaded.sound(listener.section + ".port") ||
               !loaded.sound(listener.section + ".bind_address");
    });
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (!collide(listeners[i], listeners[j])) continue;
            const auto path = listeners[i].section + ".port";
            const auto other = listeners[j].section + ".port";
            loaded.add(path, "is " + std::to_string(listeners[i].port) + ", which is " + other +
                                 at_line(loaded, other) + "; expected a port of its own");
            break;
        }
    }
}

}  // namespace

void check_together(LoadedConfig& loaded) {
    name_connections(loaded);
    check_nodes(loaded);
    check_names(loaded);
    check_retry_delays(loaded);
    check_ports(loaded);
}

}  // namespace server
