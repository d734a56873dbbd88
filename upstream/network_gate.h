#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"

namespace upstream {

/// Holds back the first reading into a log of no known network until every node has told its network, or
/// could not be asked: were the first to answer of the wrong network, the log would be filled from it. One
/// thread.
class NetworkGate {
  public:
    explicit NetworkGate(bool is_open) : open_(is_open) {}

    [[nodiscard]] bool is_open() const { return open_; }

    /// Before begin().
    void expect(const std::string& node);

    /// From now on the gate opens as soon as everybody expected has reported or withdrawn. At most one of the
    /// two is called, once, in begin(), report() or withdraw(); a conflict leaves the gate closed for good.
    void begin(std::function<void()> on_open, std::function<void(base::Error)> on_conflict);

    /// What the node told; empty: nothing. Its last report counts.
    void report(const std::string& node, const std::string& network);
    /// The node is not to be read after all.
    void withdraw(const std::string& node);

  private:
    void decide();
    [[nodiscard]] std::optional<base::Error> conflict() const;

    bool open_;
    bool begun_ = false;
    bool refused_ = false;
    std::function<void()> on_open_;
    std::function<void(base::Error)> on_conflict_;
    std::map<std::string, std::optional<std::string>> expected_;  ///< what each told
};

}  // namespace upstream
