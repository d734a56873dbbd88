#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "sim/chain.h"
#include "sim/identity.h"
#include "sim/logical_event.h"

namespace sim {

/// Events of one kind and, where a size is asked for, of exactly that many bytes each: for benchmarks. Each
/// has a natural key of its own. A member "padding" makes up the size.
class UniformSource final : public EventSource {
  public:
    /// `size` 0: as long as such an event is by itself. An error when `size` is too small to hold one.
    [[nodiscard]] static base::Result<std::unique_ptr<UniformSource>> make(const ChainOptions& chain,
                                                                           base::Kind kind,
                                                                           std::uint64_t size);

    /// `due` stays 0: the caller sets the pace.
    [[nodiscard]] std::optional<LogicalEvent> next() override;

  private:
    UniformSource(ChainOptions chain, base::Kind kind, std::uint64_t size);
    [[nodiscard]] std::string plain_payload();
    [[nodiscard]] std::shared_ptr<const BlockInfo> block(std::uint64_t height);

    ChainOptions chain_;
    Identity identity_;
    base::Kind kind_;
    std::uint64_t size_;
    std::uint64_t index_ = 0;
    std::shared_ptr<const BlockInfo> block_;
};

}  // namespace sim
