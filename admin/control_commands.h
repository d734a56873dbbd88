#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "admin/readiness.h"
#include "base/result.h"
#include "storage/node_store.h"
#include "upstream/steering.h"

namespace admin {

/// Reads the keys of one [[connections]] table, written in TOML. An error holds every problem, one a line.
using ParseNode = std::function<base::Result<upstream::NodeSpec>(std::string configuration)>;

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

    /// All must outlive this object.
    ControlCommands(upstream::Steering& steering, const storage::NodeStore& nodes, const Readiness& readiness,
                    ParseNode parse_node);

    /// Waits for the history that is being read; those that wait for a turn are not answered.
    ~ControlCommands();
    ControlCommands(const ControlCommands&) = delete;
    ControlCommands& operator=(const ControlCommands&) = delete;

    /// Does not block. `done` gets one line without its newline, once: on any thread, perhaps before this
    /// returns; or never, when the program stops before.
    void run(std::string_view request, Done done);

    static constexpr std::size_t kDefaultHistory = 20;

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
    void read_history(const std::string& node, std::size_t most, Done done);

    upstream::Steering& steering_;
    const storage::NodeStore& nodes_;
    const Readiness& readiness_;
    const ParseNode parse_node_;
    boost::asio::thread_pool reader_{1};  ///< history blocks on the database
};

/// {"ok":false,"error":"…"}
[[nodiscard]] std::string failure(std::string_view why);

}  // namespace admin
