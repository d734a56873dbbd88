#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <utility>

#include "base/log.h"
#include "tls/client_context.h"
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

    /// The certificates that vouch for nodes; read from the system when they are first needed.
    [[nodiscard]] std::shared_ptr<const tls::ClientContext> trust() {
        if (!trust_) trust_ = std::make_shared<const tls::ClientContext>();
        return trust_;
    }
    void forget_trust() { trust_.reset(); }

  private:
    std::shared_ptr<const tls::ClientContext> trust_;
};

/// What the parts of one node's connection have in common.
struct NodeContext {
    NodeContext(std::shared_ptr<SharedContext> with, NodeOptions given)
        : shared(std::move(with)),
          options(std::move(given)),
          log(options.enable_logging ? shared->dependencies.log : base::make_null_log()) {}

    [[nodiscard]] Address sse_address() const { return {options.ip_address, options.sse_port}; }
    [[nodiscard]] Address rest_address() const { return {options.ip_address, options.rest_port}; }

    /// None for a node that is read in plain.
    [[nodiscard]] std::shared_ptr<const tls::ClientContext> tls() const {
        return options.use_tls ? shared->trust() : nullptr;
    }

    std::shared_ptr<SharedContext> shared;
    NodeOptions options;
    base::Log log;
};

}  // namespace upstream
