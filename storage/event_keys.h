#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/event.h"
#include "storage/sqlite.h"

namespace storage {

/// The natural keys of the stored events: the table event_key, whose second parts are numbered by public_key.
/// Used by whoever has the connection's turn, within its transaction.
class EventKeys {
  public:
    explicit EventKeys(const SqliteConnection& connection);

    /// Adds the key with this id; false, if it is there already.
    [[nodiscard]] bool add(base::Kind kind, const base::NaturalKey& key, base::EventId id);

    [[nodiscard]] bool contains(base::Kind kind, const base::NaturalKey& key);

    /// The transaction was rolled back: numbers that it gave do not hold.
    void rolled_back() { numbers_.clear(); }

  private:
    [[nodiscard]] std::optional<std::int64_t> find_number(const base::KeyBytes& bytes);
    [[nodiscard]] std::int64_t number_of(const base::KeyBytes& bytes);

    const SqliteConnection& connection_;
    SqliteStatement insert_key_;
    SqliteStatement find_key_;
    SqliteStatement insert_number_;
    SqliteStatement find_number_;
    std::map<base::KeyBytes, std::int64_t> numbers_;  // of late
};

}  // namespace storage
