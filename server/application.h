#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "server/config.h"

namespace server {

/// The program: every part, made and joined in one place, from the configuration to the last thread's end.
class Application {
  public:
    /// Reads the configuration again; an error names every problem.
    using Reload = std::function<base::Result<Config>()>;

    /// Opens the log and the ports; nothing runs yet. An error is one line for the operator.
    [[nodiscard]] static base::Result<std::unique_ptr<Application>> open(Config config, Reload reload,
                                                                         std::string version, base::Log log);
    ~Application();
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    /// Runs until SIGTERM or SIGINT (gives 0), or until it cannot go on (gives 1, the reason is logged). A
    /// second signal ends the process at once. SIGHUP reads the nodes of the configuration and the
    /// certificate again.
    [[nodiscard]] int run();

  private:
    class Parts;
    explicit Application(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace server
