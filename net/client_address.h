#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace net {

/// Reverse proxies whose word is taken on who asks through them. Immutable.
class TrustedProxies {
  public:
    /// Each an address or a network (RFC 4632): "10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8". What is neither
    /// is overlooked; see is_address_or_network().
    explicit TrustedProxies(std::span<const std::string> proxies);

    /// The client's address: the peer's, or where that is a trusted proxy, the last of X-Forwarded-For that
    /// none of them has. So nothing that a client itself writes into that header counts. An entry that is no
    /// address ends the search at the proxy that sent it. IPv4 addresses in IPv6 form come out as IPv4.
    [[nodiscard]] std::string client_of(const Request& request) const;

  private:
    [[nodiscard]] bool trusts(const boost::asio::ip::address& address) const;

    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

[[nodiscard]] bool is_address_or_network(std::string_view text);

/// By which subscribers are told apart: an IPv4 address; of an IPv6 address its first 64 bits, as whoever has
/// one has all of that network (RFC 6177).
[[nodiscard]] std::string address_group(std::string_view address);

}  // namespace net
