#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/chain.h"
#include "sim/fault.h"
#include "sim/fault_schedule.h"
#include "sim/producer.h"
#include "tls/options.h"

namespace sim {

/// Everything that the command line says.
struct Options {
    std::uint64_t nodes = 3;
    std::string bind_address = "127.0.0.1";
    std::uint16_t rest_port = 14101;  ///< of the first node, the others count up; 0: any free ones
    std::uint16_t sse_port = 18101;
    std::optional<std::uint16_t> control_port;
    std::string build_version = "1.5.6";
    std::uint64_t buffer = 5000;
    std::uint32_t first_id = 0;
    std::chrono::milliseconds keep_alive{15'000};
    bool until_close = false;
    std::optional<tls::Options> tls;

    ChainOptions chain;
    bool wall_clock = false;
    std::optional<base::Kind> kind;  ///< events of one kind instead of a chain
    std::uint64_t payload_size = 0;
    std::string replay;

    ProducerOptions production;
    std::vector<ScheduledFault> faults;
    std::optional<StormOptions> storm;
    bool quiet = false;
};

}  // namespace sim
