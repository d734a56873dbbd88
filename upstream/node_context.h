#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <utility>

#include "base/log.h"
#include "upstream/gap_list.h"
#include "upstream/mailbox.h"
#include "upstream/network_gate.h"
#include "upstream/network_guard.h"
#include "upstream/options.h"
#include "upstream/peers.h"
#include "upstream/tcp_connection.h"
#include "upstream/upstream.h"

namespace upstream {

/// What all nodes have in common.
struct SharedContext {
    SharedContext(boost::asio::any_io_executor on, Dependencies given)
        : executor(std::move(on)),
          dependencies(std::move(given)),
          guard(dependencies.required_network),
          gate(!dependencies.log_is_empty || !dependencies.required_network.empty()),
          gaps(dependencies.gaps),
          mailbox(executor) {}

    boost::asio::any_io_executor executor;
    Dependencies dependencies;
    NetworkGuard guard;
    NetworkGate gate;
    Peers peers;
    GapList gaps;
    Mailbox mailbox;
};

/// What the parts of one node's connection have in common.
struct NodeContext {
    NodeContext(std::shared_ptr<SharedContext> with, NodeOptions given)
        : shared(std::move(with)),
          options(std::move(given)),
          log(options.enable_logging ? shared->dependencies.log : base::make_null_log()) {}

    [[nodiscard]] Address sse_address() const { return {options.ip_address, options.sse_port}; }
    [[nodiscard]] Address rest_address() const { return {options.ip_address, options.rest_port}; }

    std::shared_ptr<SharedContext> shared;
    NodeOptions options;
    base::Log log;
};

}  // namespace upstream
