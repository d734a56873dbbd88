#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace upstream {

/// Keeps the events of two networks from being mixed: the first network known is the only one.
class NetworkGuard {
  public:
    /// `required`: the only network that is let in; empty: the first one that asks.
    explicit NetworkGuard(std::string required) : name_(std::move(required)) {}

    /// Whether a node of this network may be read. An empty name is that of a node that does not tell: it
    /// may.
    [[nodiscard]] bool admit(std::string_view network) {
        if (network.empty()) return true;
        if (name_.empty()) name_ = network;
        return name_ == network;
    }

    /// Empty while it is not known.
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    std::string name_;
};

}  // namespace upstream
