#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "base/log.h"
#include "sim/command_line.h"
#include "sim/simulation.h"

namespace {

int run(sim::Options options) {
    base::LogOptions log_options;
    log_options.level = options.quiet ? "warn" : "info";
    const auto log = base::make_log(log_options);

    boost::asio::io_context context(1);
    boost::asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });

    const auto simulation = sim::Simulation::start(context, std::move(options), log);
    if (!simulation) {
        std::cerr << "casper-node-sim: " << simulation.error().message << '\n';
        return 1;
    }
    std::cout << (*simulation)->ready_line() << std::endl;
    log->info("ready");
    context.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        auto parsed = sim::parse_command_line(argc, argv, EVENT_SIDECAR_VERSION);
        if (auto* options = std::get_if<sim::Options>(&parsed)) return run(std::move(*options));
        const auto& exit = std::get<sim::Exit>(parsed);
        if (exit.code != 0) std::cerr << "casper-node-sim: ";
        (exit.code == 0 ? std::cout : std::cerr) << exit.text;
        return exit.code;
    } catch (const std::exception& error) {
        std::cerr << "casper-node-sim: " << error.what() << '\n';
        return 1;
    }
}
