#include "admin/remedies.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace admin {

using upstream::NodeCause;
using upstream::NodeState;

namespace {

constexpr auto kRemedies = std::to_array<Remedy>({
    {"events cannot be stored",
     "Make room on the disk, or get the database to answer. The nodes keep what is not read meanwhile, and "
     "storing goes on by itself."},
    {"events that others stored cannot be read", "Get the database to answer; reading goes on by itself."},
    {"the log is damaged", "Run `event-sidecar verify`, then repair the log or restore a backup."},
    {"is tried again until it succeeds",
     "Check the disk or the database server; it is tried again by itself."},
    {"tried again until it succeeds", "Check the database server; it is tried again by itself."},
    {"a replay waits", "Check the disk or the database server; the subscriber waits and goes on by itself."},
    {"a query is not answered", "Check the disk or the database server."},
    {"[storage.retention] what is never deleted", "Raise max_size_in_mb, or take kinds out of keep_kinds."},
    {"no new connection can be accepted", "Raise the limit of open files, LimitNOFILE in a systemd unit."},
    {"the limit of open files is", "Raise the limit of open files, LimitNOFILE in a systemd unit."},
    {"no connection can be accepted now", "Raise the limit of open files, LimitNOFILE in a systemd unit."},
    {"the certificate stays as it is", "Correct the certificate or its key, then send SIGHUP again."},
    {"the certificate of", "Put a valid certificate in its place and send SIGHUP."},
    {"SIGHUP: nothing is changed",
     "Correct the file; `event-sidecar --check-config --path-to-config FILE` names every error."},
    {"ready_max_block_age_in_seconds is",
     "Look whether the chain itself goes on, and whether the nodes follow it."},
    {"the loop that reads the nodes does not answer",
     "If it stays so, restart the sidecar, and report it with the log."},
    {"there is no node to read",
     "Add one to [[connections]] and send SIGHUP, or use `event-sidecar nodes add`."},
    {"no node is read", "Bring one of the nodes back, or add another with `event-sidecar nodes add`."},
    {"node(s) are unavailable",
     "Bring one of the nodes back, or add another with `event-sidecar nodes add`."},
    {"event skipped",
     "If it goes on, the node sends what this version does not know: look for a newer sidecar."},
    {"given up after", "Repair the node, then `event-sidecar nodes resume NAME`."},
    {"not read: ", "Point the connection to a node of this network that is new enough."},
    {"a gap: ids were not read",
     "Nothing, where other nodes were read meanwhile: they bring the same events. Read several nodes."},
    {"goes on without it", "Check that the node serves this endpoint; it is tried again by itself."},
    {"its address is that of another node", "Remove one of the two from [[connections]]."},
    {"(attempt ", "Check the node and the way to it; it is tried again by itself."},
    {"a request failed:", "If it comes back, report it together with the lines around it."},
    {"ending without it", "Check the name service that this machine uses."},
    {"transitions are missing", "Nothing: the nodes' histories have a hole, events do not."},
});

std::string_view remedy_for(NodeCause cause) {
    switch (cause) {
        case NodeCause::Unreachable:
            return "Check that the node runs and that its REST port can be reached from here. It is tried "
                   "again "
                   "by itself.";
        case NodeCause::BadStatus:
            return "Check that rest_port is the REST port of a node.";
        case NodeCause::StreamFailed:
            return "Check that the node runs, and that sse_port is its event stream's. It is tried again by "
                   "itself.";
        case NodeCause::Silent:
            return "Look into the node's own log: it keeps the connection and sends nothing.";
        case NodeCause::Stalled:
            return "Look whether the node still follows the chain; the others do.";
        default:
            return "Check the node and the way to it. It is tried again by itself.";
    }
}

}  // namespace

std::span<const Remedy> remedies() {
    return kRemedies;
}

std::string_view remedy_for(std::string_view message) {
    const auto found = std::ranges::find_if(
        kRemedies, [&](const Remedy& each) { return message.find(each.words) != std::string_view::npos; });
    return found == kRemedies.end() ? std::string_view{} : found->remedy;
}

std::string remedy_for(const upstream::NodeReport& node) {
    switch (node.state) {
        case NodeState::Suspended:
            return fmt::format("An operator suspended it; `event-sidecar nodes resume {}` reads it again.",
                               node.name);
        case NodeState::Defunct:
            return fmt::format("Repair the node, then `event-sidecar nodes resume {}`.", node.name);
        case NodeState::Incompatible:
            return "Point the connection to a node of this network that is new enough. It is looked at again "
                   "by "
                   "itself.";
        case NodeState::Running:
            if (node.stalled) return std::string(remedy_for(NodeCause::Stalled));
            if (node.partial) return "Check that the node serves all three endpoints.";
            if (node.lagging) return "Look whether the node is syncing, or slow; the others are ahead of it.";
            return {};
        default:
            return std::string(remedy_for(node.cause));
    }
}

}  // namespace admin
