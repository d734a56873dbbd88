#include "admin/node_commands.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <utility>

#include "admin/node_json.h"

namespace admin {

using upstream::NodeReport;

namespace {

base::Error unknown_node(const NodeCommands::Nodes& nodes, const std::string& name) {
    std::string known;
    for (const auto& node : nodes) known += (known.empty() ? "" : ", ") + quote(node.name);
    if (known.empty()) return base::invalid(fmt::format("no node is named {}; there are none", quote(name)));
    return base::invalid(fmt::format("no node is named {}; the nodes are {}", quote(name), known));
}

NodeCommands::Node find(const NodeCommands::Nodes& nodes, const std::string& name) {
    const auto found = std::ranges::find(nodes, name, &NodeReport::name);
    if (found == nodes.end()) return unknown_node(nodes, name);
    return *found;
}

}  // namespace

NodeCommands::~NodeCommands() {
    reader_.stop();
    reader_.join();
}

void NodeCommands::list(std::function<void(Nodes)> answer) {
    steering_.report(std::move(answer));
}

void NodeCommands::show(std::string node, Answer answer) {
    steering_.report([node = std::move(node), answer = std::move(answer)](const Nodes& nodes) {
        answer(find(nodes, node));
    });
}

void NodeCommands::history(std::string node, std::size_t most, std::function<void(History)> answer) {
    boost::asio::post(reader_, [this, node = std::move(node), most, answer = std::move(answer)] {
        read_history(node, most, answer);
    });
}

void NodeCommands::read_history(const std::string& node, std::size_t most,
                                const std::function<void(History)>& answer) {
    auto observations = store_.history(node, most);
    if (!observations || !observations->empty()) return answer(std::move(observations));
    // A node that is new, or a name that is wrong; only the nodes themselves can tell.
    steering_.report([node, answer](const Nodes& nodes) {
        if (const auto found = find(nodes, node); !found) return answer(found.error());
        answer(std::vector<storage::NodeObservation>{});
    });
}

void NodeCommands::suspend(std::string node, Answer answer) {
    steering_.suspend(std::move(node), std::move(answer));
}

void NodeCommands::resume(std::string node, Answer answer) {
    steering_.resume(std::move(node), std::move(answer));
}

void NodeCommands::remove(std::string node, Answer answer) {
    steering_.remove(std::move(node), std::move(answer));
}

void NodeCommands::add(upstream::NodeSpec node, Answer answer) {
    steering_.add(std::move(node), std::move(answer));
}

}  // namespace admin
