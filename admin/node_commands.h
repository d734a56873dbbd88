#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/node_store.h"
#include "upstream/steering.h"

namespace admin {

/// Reads the keys of one [[connections]] table, written in TOML. An error holds every problem, one a line.
using ParseNode = std::function<base::Result<upstream::NodeSpec>(std::string configuration)>;

/// What an operator asks of the nodes, by the control socket or by the admin server. Any thread, and none is
/// blocked. Answers come as those of Steering do, histories on a thread of their own, or never, when the
/// program stops before. An error of the category Invalid is the asker's: there is no such node, or, when one
/// is added, it is in the way of another.
class NodeCommands {
  public:
    using Nodes = std::vector<upstream::NodeReport>;
    using Node = base::Result<upstream::NodeReport>;
    using Answer = std::function<void(Node)>;
    using History = base::Result<std::vector<storage::NodeObservation>>;

    static constexpr std::size_t kDefaultHistory = 20;
    static constexpr std::size_t kMostHistory = storage::NodeStore::kHistoryPerNode;

    /// Both must outlive this object.
    NodeCommands(upstream::Steering& steering, const storage::NodeStore& store, ParseNode parse)
        : steering_(steering), store_(store), parse_(std::move(parse)) {}

    /// Waits for the history that is being read; those that wait for a turn are not answered.
    ~NodeCommands();
    NodeCommands(const NodeCommands&) = delete;
    NodeCommands& operator=(const NodeCommands&) = delete;

    void list(std::function<void(Nodes)> answer);
    void show(std::string node, Answer answer);
    /// The newest first, `most` at most.
    void history(std::string node, std::size_t most, std::function<void(History)> answer);

    void suspend(std::string node, Answer answer);
    void resume(std::string node, Answer answer);
    void remove(std::string node, Answer answer);
    void add(upstream::NodeSpec node, Answer answer);

    [[nodiscard]] base::Result<upstream::NodeSpec> parse(std::string configuration) const {
        return parse_(std::move(configuration));
    }

  private:
    void read_history(const std::string& node, std::size_t most, const std::function<void(History)>& answer);

    upstream::Steering& steering_;
    const storage::NodeStore& store_;
    const ParseNode parse_;
    boost::asio::thread_pool reader_{1};  ///< history blocks on the database
};

}  // namespace admin
