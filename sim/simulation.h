#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "sim/control.h"
#include "sim/fault_schedule.h"
#include "sim/node.h"
#include "sim/options.h"
#include "sim/producer.h"

namespace sim {

/// A whole network on one io_context, which one thread runs; it must not outlive that.
class Simulation {
  public:
    /// Opens all ports and begins. An error names what cannot be opened or read.
    [[nodiscard]] static base::Result<std::unique_ptr<Simulation>> start(boost::asio::io_context& context,
                                                                         Options options, base::Log log);

    /// One line of JSON: every node's ports, and the control port or null.
    [[nodiscard]] std::string ready_line() const;

  private:
    using Clock = std::chrono::steady_clock;

    Simulation(boost::asio::io_context& context, Options options, base::Log log);
    [[nodiscard]] base::Result<void> open_nodes();
    [[nodiscard]] base::Result<void> open_producer();
    [[nodiscard]] base::Result<void> open_control();
    [[nodiscard]] base::Result<std::unique_ptr<EventSource>> make_source() const;
    [[nodiscard]] NodeOptions node_options(std::size_t index) const;
    [[nodiscard]] std::vector<Node*> node_pointers() const;

    void begin_faults();
    void add_faults(std::vector<ScheduledFault> faults);
    void run_faults();

    boost::asio::io_context& context_;
    Options options_;
    base::Log log_;
    base::Metrics metrics_;
    Clock::time_point origin_ = Clock::now();
    FaultSchedule schedule_;
    boost::asio::steady_timer fault_timer_;
    std::shared_ptr<tls::ServerContext> tls_;  ///< none: plain HTTP
    std::vector<std::unique_ptr<Node>> nodes_;
    std::unique_ptr<Producer> producer_;
    std::unique_ptr<Control> control_;
    std::shared_ptr<net::HttpServer> control_server_;
};

}  // namespace sim
