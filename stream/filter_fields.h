#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stream/event_filter.h"

namespace stream {

/// The fields of a query that say which events of an endpoint are wanted: `kinds`, `account`, `deploy_hash`,
/// `era_id`; docs/streams.md has what they mean. Pure.
class FilterFields {
  public:
    explicit FilterFields(base::Endpoint endpoint);

    /// Takes a field, decoded; false when it is none of these.
    [[nodiscard]] bool take(std::string_view name, std::string_view value);

    /// What the fields come to, in one form for all queries that ask for the same. Invalid: the message names
    /// the first field that makes no sense, or because of which nothing can pass, and what is expected.
    [[nodiscard]] base::Result<EventFilter> filter() const;

  private:
    struct Field;
    static const Field* field_named(std::string_view name);
    /// What is expected of the value, when it is not that.
    [[nodiscard]] std::optional<std::string> read(const Field& field, std::string_view value);
    [[nodiscard]] bool read_kinds(std::string_view names);

    const base::Endpoint endpoint_;
    const KindSet carried_;
    EventFilter asked_;
    std::vector<const Field*> taken_;
    std::string complaint_;  ///< the first
};

}  // namespace stream
