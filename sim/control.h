#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/http_server.h"
#include "sim/fault.h"
#include "sim/node.h"
#include "sim/producer.h"

namespace sim {

/// What the control port commands and tells.
struct Controlled {
    std::vector<Node*> nodes;
    Producer& producer;
    std::function<void(std::vector<ScheduledFault>)> add_faults;  ///< times count from now
    std::function<void()> clear_faults;
};

/// The control port's answers, on the simulation's one thread.
class Control {
  public:
    explicit Control(Controlled controlled) : controlled_(std::move(controlled)) {}

    [[nodiscard]] net::Response answer(const net::Request& request);

  private:
    [[nodiscard]] std::string state() const;
    [[nodiscard]] std::string chain() const;
    [[nodiscard]] net::Response add_faults(const std::string& body);
    [[nodiscard]] net::Response start(std::string_view query);

    Controlled controlled_;
};

}  // namespace sim
