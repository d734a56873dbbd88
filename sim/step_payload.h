#pragma once

#include <cstdint>
#include <string>

#include "sim/identity.h"

namespace sim {

/// Composes {"Step":{…}}, an era's end. The delegators' allocations and bids, which are nearly all of it, are
/// written once and shared by all eras: a step of 30 MB then costs a copy.
class StepComposer {
  public:
    /// Steps of about `size` bytes: never less, and at most some hundred bytes more; at least about 1 KB.
    StepComposer(const Identity& identity, std::uint64_t size);

    [[nodiscard]] std::string compose(std::uint64_t era) const;

  private:
    std::string allocations_;  ///< the inside of WriteEraInfo's array
    std::string bids_;         ///< transforms, each with its leading comma
};

}  // namespace sim
