#include "net/client_address.h"

#include <gtest/gtest.h>

namespace net {
namespace {

Request from(std::string peer, std::vector<std::string> forwarded_for = {}) {
    Request request;
    request.peer = std::move(peer);
    for (auto& value : forwarded_for) request.headers.emplace_back("X-Forwarded-For", std::move(value));
    return request;
}

std::string client(const Request& request, const std::vector<std::string>& proxies = {"10.0.0.0/8", "::1"}) {
    return TrustedProxies(proxies).client_of(request);
}

TEST(ClientAddress, IsThePeersWhereNoProxyIsTrusted) {
    EXPECT_EQ(client(from("203.0.113.7")), "203.0.113.7");
    EXPECT_EQ(client(from("203.0.113.7", {"198.51.100.1"})), "203.0.113.7") << "anybody can write a header";
    EXPECT_EQ(client(from("10.1.2.3", {"198.51.100.1"}), {}), "10.1.2.3");
    EXPECT_EQ(client(from("::ffff:203.0.113.7")), "203.0.113.7");
}

TEST(ClientAddress, IsTheLastOneThatNoTrustedProxyHas) {
    EXPECT_EQ(client(from("10.1.2.3", {"198.51.100.1"})), "198.51.100.1");
    EXPECT_EQ(client(from("10.1.2.3", {"198.51.100.1, 203.0.113.7"})), "203.0.113.7")
        << "what stands before it, the client may have written";
    EXPECT_EQ(client(from("10.1.2.3", {"203.0.113.7,10.9.9.9 , 10.8.8.8"})), "203.0.113.7");
    EXPECT_EQ(client(from("10.1.2.3", {"198.51.100.1", "203.0.113.7"})), "203.0.113.7") << "one list in all";
    EXPECT_EQ(client(from("::1", {"2001:db8::5"})), "2001:db8::5");
    EXPECT_EQ(client(from("::ffff:10.1.2.3", {"203.0.113.7"})), "203.0.113.7");
    EXPECT_EQ(client(from("10.1.2.3", {"203.0.113.7:4711"})), "203.0.113.7");
    EXPECT_EQ(client(from("10.1.2.3", {"[2001:db8::5]:4711"})), "2001:db8::5");
}

TEST(ClientAddress, IsTheProxysWhereItNamesNone) {
    EXPECT_EQ(client(from("10.1.2.3")), "10.1.2.3");
    EXPECT_EQ(client(from("10.1.2.3", {"unknown"})), "10.1.2.3");
    EXPECT_EQ(client(from("10.1.2.3", {""})), "10.1.2.3");
    EXPECT_EQ(client(from("10.1.2.3", {"203.0.113.7, what?, 10.9.9.9"})), "10.9.9.9");
    EXPECT_EQ(client(from("10.1.2.3", {"10.7.7.7"})), "10.7.7.7") << "a proxy that asks for itself";
}

TEST(ClientAddress, ProxiesAreAddressesOrNetworks) {
    for (const auto* good : {"10.0.0.1", "10.0.0.0/8", "10.1.2.3/8", "::1", "fd00::/8"})
        EXPECT_TRUE(is_address_or_network(good)) << good;
    for (const auto* bad : {"", "proxy", "10.0.0.1/33", "10.0.0", "fd00::/129", "10.0.0.1/"})
        EXPECT_FALSE(is_address_or_network(bad)) << bad;
    EXPECT_EQ(client(from("10.1.2.3", {"203.0.113.7"}), {"10.200.0.1/8"}), "203.0.113.7");
    EXPECT_EQ(client(from("11.1.2.3", {"203.0.113.7"}), {"10.0.0.0/8"}), "11.1.2.3");
    EXPECT_EQ(client(from("fd12::1", {"203.0.113.7"}), {"fd00::/8"}), "203.0.113.7");
    EXPECT_EQ(client(from("fe80::1%1", {"203.0.113.7"}), {"fe80::/10"}), "203.0.113.7");
    EXPECT_EQ(client(from("::ffff:10.1.2.3", {"203.0.113.7"}), {"::ffff:10.0.0.0/104"}), "203.0.113.7");
    EXPECT_EQ(client(from("10.1.2.3", {"203.0.113.7"}), {"::ffff:10.1.2.3"}), "203.0.113.7");
    EXPECT_EQ(client(from("11.1.2.3", {"203.0.113.7"}), {"::ffff:10.0.0.0/104"}), "11.1.2.3");
}

TEST(ClientAddress, OfIpv6ANetworkIsOneClient) {
    EXPECT_EQ(address_group("203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(address_group("::ffff:203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(address_group("2001:db8:1:2:3:4:5:6"), address_group("2001:db8:1:2:ffff::1"));
    EXPECT_NE(address_group("2001:db8:1:2::1"), address_group("2001:db8:1:3::1"));
    EXPECT_EQ(address_group("not an address"), "not an address");
}

}  // namespace
}  // namespace net
