#pragma once

#include "base/metrics.h"

namespace storage_test {

/// Outlives every log of the program, as the log may count until it is destroyed.
inline base::Metrics& log_metrics() {
    static base::Metrics instance;
    return instance;
}

}  // namespace storage_test
