#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "admin/node_commands.h"
#include "admin/readiness.h"

namespace admin {

/// What an operator can ask in one line of JSON:
///
///     {"command":"list"}                               {"ok":true,"nodes":[…]}
///     {"command":"show","node":"NAME"}                 {"ok":true,"node":{…}}
///     {"command":"suspend","node":"NAME"}              the same; so do resume and remove
///     {"command":"add","configuration":"TOML"}         the same
///     {"command":"history","node":"NAME","limit":20}   {"ok":true,"history":[…]}, the newest first
///
///     {"command":"status"}                             {"ok":true,"ready":false,"reasons":["…"]}
///
/// Whatever is wrong is answered with {"ok":false,"error":"…"}.
class ControlCommands {
  public:
    using Done = std::function<void(std::string answer)>;

    /// Both must outlive this object.
    ControlCommands(NodeCommands& nodes, const Readiness& readiness) : nodes_(nodes), readiness_(readiness) {}

    /// Does not block. `done` gets one line without its newline, once: on any thread, perhaps before this
    /// returns; or never, when the program stops before.
    void run(std::string_view request, Done done);

  private:
    using Request = nlohmann::json;
    struct Row;

    void list(const Request& request, Done done);
    void show(const Request& request, Done done);
    void suspend(const Request& request, Done done);
    void resume(const Request& request, Done done);
    void remove(const Request& request, Done done);
    void add(const Request& request, Done done);
    void history(const Request& request, Done done);
    void status(const Request& request, Done done);

    NodeCommands& nodes_;
    const Readiness& readiness_;
};

/// {"ok":false,"error":"…"}
[[nodiscard]] std::string failure(std::string_view why);

}  // namespace admin
