#pragma once

#include <memory>

#include "base/event.h"
#include "database.h"

namespace perf {

/// Inserts the rows of finality signatures as the log stores them, with the same library and settings, into
/// tables of the same indexes, durably, and does nothing else: no key is looked up, nothing is hashed, no
/// position is kept. What an append can be compared with.
class BareLoop {
  public:
    virtual ~BareLoop() = default;

    /// In one transaction; its seconds, the packing of the payloads not counted.
    [[nodiscard]] virtual double insert(const base::EventBatch& batch) = 0;
};

/// Beside the log, which exists: in a file bare.db3 of the same folder, or in a table `bare` of the same
/// schema, which must not exist yet and goes with the loop.
[[nodiscard]] std::unique_ptr<BareLoop> make_bare_loop(const Database& database);

}  // namespace perf
