#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "upstream/node_report.h"
#include "upstream/options.h"

namespace upstream {

/// A node to be read, or to be known and not read.
struct NodeSpec {
    NodeOptions options;
    bool suspended = false;     ///< by an operator
    std::string configuration;  ///< of a node that a command added, as it is to be stored; else empty
};

/// What an operator can see and ask of the nodes; the control socket and the admin server expose it.
/// Any thread. Answers come on the upstream thread, and those to a change once it is durable: it then
/// outlives every restart. An answer is dropped when the program stops first. Errors are of the category
/// Invalid and name the node and the remedy.
class Steering {
  public:
    using Reports = std::function<void(std::vector<NodeReport>)>;
    using Answer = std::function<void(base::Result<NodeReport>)>;

    virtual ~Steering() = default;

    /// Every node that is not deleted, in the order of the configuration, then as added.
    virtual void report(Reports reports) = 0;

    /// Ends the node's connections until it is resumed.
    virtual void suspend(std::string node, Answer answer) = 0;

    /// Connects a node that is suspended, defunct or incompatible, with fresh attempts; no change for others.
    virtual void resume(std::string node, Answer answer) = 0;

    /// Ends the node's connections and forgets the node, even if the configuration file still names it.
    virtual void remove(std::string node, Answer answer) = 0;

    /// A new node, or one that was removed.
    virtual void add(NodeSpec node, Answer answer) = 0;
};

}  // namespace upstream
