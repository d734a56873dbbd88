#include "upstream/roster.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace upstream {

using Wish = NodeWish::Wish;

Roster::Roster(std::vector<NodeOptions> configured, std::vector<NodeWish> wishes)
    : configured_(std::move(configured)), wishes_(std::move(wishes)) {}

std::vector<NodeSpec> Roster::nodes() const {
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
        if (spec.options.ip_address == node.options.ip_address &&
            spec.options.sse_port == node.options.sse_port) {
            return base::invalid(fmt::format("{}:{} is read already, as node {}", node.options.ip_address,
                                             node.options.sse_port, spec.options.name));
        }
    }
    NodeWish wish{.node = node.options.name,
                  .wish = node.suspended ? Wish::Suspended : Wish::Run,
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
