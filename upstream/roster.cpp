#include "upstream/roster.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <string_view>
#include <utility>

namespace upstream {

using Wish = NodeWish::Wish;

namespace {

/// Host names do not depend on case; an IPv6 address may stand in brackets.
std::string normalised(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::string lower(host);
    for (auto& letter : lower) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return lower;
}

bool same_address(const NodeOptions& one, const NodeOptions& other) {
    return one.sse_port == other.sse_port && normalised(one.ip_address) == normalised(other.ip_address);
}

}  // namespace

Roster::Roster(std::vector<NodeOptions> configured, std::vector<NodeWish> wishes)
    : configured_(std::move(configured)), wishes_(std::move(wishes)) {}

std::vector<NodeSpec> Roster::nodes() const {
    auto specs = wished();
    for (auto spec = specs.begin(); spec != specs.end();) {
        const auto same = [&](const NodeSpec& other) { return same_address(other.options, spec->options); };
        spec = std::any_of(specs.begin(), spec, same) ? specs.erase(spec) : std::next(spec);
    }
    return specs;
}

std::vector<std::string> Roster::left_out() const {
    std::vector<std::string> names;
    const auto read = nodes();
    for (const auto& spec : wished()) {
        const auto same = [&](const NodeSpec& other) { return other.options.name == spec.options.name; };
        if (std::ranges::none_of(read, same)) names.push_back(spec.options.name);
    }
    return names;
}

std::vector<NodeSpec> Roster::wished() const {
    std::vector<NodeSpec> specs;
    const auto add = [&](const NodeOptions& from_file, const NodeWish* wish) {
        if (wish != nullptr && wish->wish == Wish::Deleted) return;
        const auto& options = wish != nullptr && wish->options ? *wish->options : from_file;
        const bool suspended = wish != nullptr ? wish->wish == Wish::Suspended : options.max_attempts == 0;
        specs.push_back({.options = options, .suspended = suspended, .configuration = {}});
    };
    for (const auto& options : configured_) add(options, wish_of(options.name));
    for (const auto& wish : wishes_) {
        if (wish.options && configured(wish.node) == nullptr) add(*wish.options, &wish);
    }
    return specs;
}

base::Result<NodeWish> Roster::suspend(const std::string& node) {
    return change(node, Wish::Suspended);
}

base::Result<NodeWish> Roster::resume(const std::string& node) {
    return change(node, Wish::Run);
}

base::Result<NodeWish> Roster::remove(const std::string& node) {
    return change(node, Wish::Deleted);
}

base::Result<NodeWish> Roster::add(NodeSpec node) {
    const auto existing = nodes();
    for (const auto& spec : existing) {
        if (spec.options.name == node.options.name) {
            return base::invalid(
                fmt::format("there is a node {} already; remove it first, or give the new one another name",
                            node.options.name));
        }
        if (same_address(spec.options, node.options)) {
            return base::invalid(fmt::format("{}:{} is read already, as node {}", node.options.ip_address,
                                             node.options.sse_port, spec.options.name));
        }
    }
    NodeWish wish{.node = node.options.name,
                  .wish = node.suspended || node.options.max_attempts == 0 ? Wish::Suspended : Wish::Run,
                  .configuration = std::move(node.configuration),
                  .options = std::move(node.options)};
    set(wish);
    return wish;
}

base::Result<NodeWish> Roster::change(const std::string& node, Wish wish) {
    const auto* const before = wish_of(node);
    const bool known = configured(node) != nullptr || (before != nullptr && before->options);
    if (!known || (before != nullptr && before->wish == Wish::Deleted)) {
        return base::invalid(fmt::format("there is no node {}; \"nodes list\" shows those there are", node));
    }
    NodeWish changed{.node = node, .wish = wish, .configuration = {}, .options = {}};
    if (before != nullptr && wish != Wish::Deleted) {
        changed.configuration = before->configuration;
        changed.options = before->options;
    }
    set(changed);
    return changed;
}

const NodeWish* Roster::wish_of(const std::string& node) const {
    const auto found = std::ranges::find(wishes_, node, &NodeWish::node);
    return found == wishes_.end() ? nullptr : &*found;
}

const NodeOptions* Roster::configured(const std::string& node) const {
    const auto found = std::ranges::find(configured_, node, &NodeOptions::name);
    return found == configured_.end() ? nullptr : &*found;
}

void Roster::set(NodeWish wish) {
    const auto found = std::ranges::find(wishes_, wish.node, &NodeWish::node);
    if (found == wishes_.end()) {
        wishes_.push_back(std::move(wish));
    } else {
        *found = std::move(wish);
    }
}

}  // namespace upstream
