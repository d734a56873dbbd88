#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "upstream/node_wish.h"
#include "upstream/steering.h"

namespace upstream {

/// Which nodes there are: those of the configuration file, changed by what operators wished. A command gives
/// the wish to be saved. Pure; one thread.
class Roster {
  public:
    Roster(std::vector<NodeOptions> configured, std::vector<NodeWish> wishes);

    /// Every node that is not deleted: in the order of the file, then as added. Of several with one address
    /// only the first.
    [[nodiscard]] std::vector<NodeSpec> nodes() const;
    /// The names of the others.
    [[nodiscard]] std::vector<std::string> left_out() const;

    void configure(std::vector<NodeOptions> configured) { configured_ = std::move(configured); }

    [[nodiscard]] base::Result<NodeWish> suspend(const std::string& node);
    [[nodiscard]] base::Result<NodeWish> resume(const std::string& node);
    [[nodiscard]] base::Result<NodeWish> remove(const std::string& node);
    [[nodiscard]] base::Result<NodeWish> add(NodeSpec node);

  private:
    [[nodiscard]] std::vector<NodeSpec> wished() const;
    [[nodiscard]] const NodeWish* wish_of(const std::string& node) const;
    [[nodiscard]] const NodeOptions* configured(const std::string& node) const;
    [[nodiscard]] base::Result<NodeWish> change(const std::string& node, NodeWish::Wish wish);
    void set(NodeWish wish);

    std::vector<NodeOptions> configured_;
    std::vector<NodeWish> wishes_;  ///< at most one a node
};

}  // namespace upstream
