#include "storage/endpoint_condition.h"

#include <array>
#include <vector>

namespace storage {

base::Filter stored_source(base::Kind kind, base::Filter filter) {
    return kind == base::Kind::Shutdown ? filter : base::row_of(kind).filter;
}

EndpointCondition endpoint_condition(base::Endpoint endpoint) {
    constexpr std::array kSources{base::Filter::Main, base::Filter::Deploys, base::Filter::Sigs,
                                  base::Filter::Sidecar};
    const auto number = [](auto value) { return std::to_string(static_cast<int>(value)); };
    std::vector<std::string> alternatives;
    bool has_signatures = false;
    for (const auto source : kSources) {
        std::string kinds;
        for (const auto& row : base::kKinds) {
            if (row.kind == base::Kind::ApiVersion || stored_source(row.kind, source) != source) continue;
            if (!base::endpoints_of(row.kind, source).contains(endpoint)) continue;
            kinds += (kinds.empty() ? "" : ", ") + number(row.kind);
        }
        if (kinds.empty()) continue;
        has_signatures = has_signatures || source == base::Filter::Sigs;
        alternatives.push_back("source = " + number(source) + " AND kind IN (" + kinds + ")");
    }
    // The index is partial: its own condition has to stand in the query.
    if (alternatives.size() == 1 && !has_signatures) return {"source <> 2 AND " + alternatives.front(), true};

    std::string sql;
    for (const auto& alternative : alternatives) sql += (sql.empty() ? "((" : ") OR (") + alternative;
    return {sql + "))", false};
}

}  // namespace storage
