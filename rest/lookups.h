#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "rest/content.h"
#include "rest/parameters.h"
#include "rest/routes.h"
#include "storage/event_finder.h"

namespace rest {

/// Answers the routes' queries from the log. Every call blocks on the database; any thread.
class Lookups {
  public:
    using Clock = std::function<std::chrono::system_clock::time_point()>;

    /// Both must outlive it. `clock` tells how far behind the chain the log is.
    Lookups(const storage::EventFinder& finder, const storage::EventReader& log, std::string sidecar_version,
            Clock clock = std::chrono::system_clock::now);

    /// None: nothing is found. Errors: those of the finder, and Corrupt for a payload that is not what a node
    /// sends.
    using Found = base::Result<std::optional<Content>>;
    [[nodiscard]] Found answer(const RouteRow& route, const Arguments& arguments) const;

  private:
    [[nodiscard]] Found find(Query query, const Arguments& arguments) const;
    [[nodiscard]] Found block(const Arguments& arguments) const;
    [[nodiscard]] Found deploy(const Arguments& arguments) const;
    [[nodiscard]] Found faults(const Arguments& arguments) const;
    [[nodiscard]] Found status() const;

    [[nodiscard]] Found single(base::Result<std::optional<storage::FoundEvent>> found) const;
    [[nodiscard]] Found list(base::Result<std::vector<storage::FoundEvent>> found) const;
    [[nodiscard]] EntityTag tag() const { return EntityTag(tag_seed_); }

    const storage::EventFinder& finder_;
    const storage::EventReader& log_;
    const std::string sidecar_version_;
    const Clock clock_;
    const std::uint64_t tag_seed_;  ///< of this feed and this version
};

}  // namespace rest
