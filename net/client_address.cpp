#include "net/client_address.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <optional>

#include "base/trimmed.h"

namespace net {

namespace ip = boost::asio::ip;
using boost::system::error_code;

namespace {

constexpr unsigned short kClientNetwork = 64;  // bits

std::optional<ip::address> address_in(std::string_view text) {
    error_code error;
    const auto address = ip::make_address(text, error);
    if (error) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

/// Of a link-local address: the interface is no part of a network.
ip::address_v6 without_scope(ip::address_v6 address) {
    address.scope_id(0);
    return address;
}

std::optional<ip::network_v4> v4_network_in(const std::string& text) {
    error_code error;
    const auto network =
        ip::make_network_v4(text.find('/') == std::string::npos ? text + "/32" : text, error);
    if (error) return std::nullopt;
    return network.canonical();
}

std::optional<ip::network_v6> v6_network_in(const std::string& text) {
    error_code error;
    const auto network =
        ip::make_network_v6(text.find('/') == std::string::npos ? text + "/128" : text, error);
    if (error) return std::nullopt;
    return ip::network_v6(without_scope(network.address()), network.prefix_length()).canonical();
}

/// "::ffff:10.0.0.0/104" is 10.0.0.0/8: addresses are compared as IPv4.
std::optional<ip::network_v4> as_v4(const ip::network_v6& network) {
    constexpr unsigned short kMappedPrefix = 96;  // RFC 4291, 2.5.5.2
    if (!network.address().is_v4_mapped() || network.prefix_length() < kMappedPrefix) return std::nullopt;
    return ip::network_v4(ip::make_address_v4(ip::v4_mapped, network.address()),
                          static_cast<unsigned short>(network.prefix_length() - kMappedPrefix));
}

/// "203.0.113.7", "203.0.113.7:4711", "2001:db8::1", "[2001:db8::1]:4711"
std::optional<ip::address> forwarded_address(std::string_view text) {
    text = base::trimmed(text, base::kHeaderBlanks);
    if (text.starts_with('[')) return address_in(text.substr(1, text.find(']') - 1));
    const bool with_port = std::ranges::count(text, ':') == 1;
    return address_in(with_port ? text.substr(0, text.find(':')) : text);
}

/// The header may stand there more than once: one list in all (RFC 9110, section 5.3).
std::vector<std::string_view> forwarded_for(const Request& request) {
    std::vector<std::string_view> entries;
    for (const auto& [name, value] : request.headers) {
        if (!boost::algorithm::iequals(name, "x-forwarded-for")) continue;
        std::string_view rest = value;
        for (;;) {
            const auto comma = rest.find(',');
            entries.push_back(rest.substr(0, comma));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return entries;
}

/// The networks are canonical.
template <class Network, class Address>
bool any_holds(const std::vector<Network>& networks, const Address& address) {
    return std::ranges::any_of(networks, [&](const Network& network) {
        return Network(address, network.prefix_length()).canonical() == network;
    });
}

}  // namespace

TrustedProxies::TrustedProxies(std::span<const std::string> proxies) {
    for (const auto& text : proxies) {
        if (const auto v4 = v4_network_in(text)) {
            v4_.push_back(*v4);
        } else if (const auto v6 = v6_network_in(text)) {
            const auto mapped = as_v4(*v6);
            mapped ? v4_.push_back(mapped->canonical()) : v6_.push_back(*v6);
        }
    }
}

bool TrustedProxies::trusts(const ip::address& address) const {
    return address.is_v4() ? any_holds(v4_, address.to_v4()) : any_holds(v6_, without_scope(address.to_v6()));
}

std::string TrustedProxies::client_of(const Request& request) const {
    auto client = address_in(request.peer);
    if (!client) return request.peer;
    auto entries = forwarded_for(request);
    while (trusts(*client) && !entries.empty()) {
        const auto before = forwarded_address(entries.back());
        if (!before) break;
        client = before;
        entries.pop_back();
    }
    return client->to_string();
}

bool is_address_or_network(std::string_view text) {
    return v4_network_in(std::string(text)) || v6_network_in(std::string(text));
}

std::string address_group(std::string_view address) {
    const auto parsed = address_in(address);
    if (!parsed || parsed->is_v4()) return parsed ? parsed->to_string() : std::string(address);
    return ip::network_v6(parsed->to_v6(), kClientNetwork).canonical().to_string();
}

}  // namespace net
