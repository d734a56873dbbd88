#include "storage/event_keys.h"

namespace storage {

namespace {

constexpr std::int64_t kNoSecondPart = 0;

// A network has some hundred validators; a feed of ever new keys must not grow the memory.
constexpr std::size_t kMostNumbersInMemory = 4096;

}  // namespace

EventKeys::EventKeys(const SqliteConnection& connection)
    : connection_(connection),
      insert_key_(connection.prepare("INSERT OR IGNORE INTO event_key VALUES (?1, ?2, ?3, ?4)")),
      find_key_(connection.prepare("SELECT 1 FROM event_key WHERE kind = ?1 AND first = ?2 AND second = ?3")),
      insert_number_(connection.prepare("INSERT INTO public_key (bytes) VALUES (?1)")),
      find_number_(connection.prepare("SELECT number FROM public_key WHERE bytes = ?1")) {}

bool EventKeys::add(base::Kind kind, const base::NaturalKey& key, base::EventId id) {
    return insert_key_.execute(static_cast<int>(kind), Blob(key.first), number_of(key.second), id) == 1;
}

bool EventKeys::contains(base::Kind kind, const base::NaturalKey& key) {
    const auto second = find_number(key.second);
    return second && find_key_.integer(static_cast<int>(kind), Blob(key.first), *second).has_value();
}

std::optional<std::int64_t> EventKeys::find_number(const base::KeyBytes& bytes) {
    if (bytes.empty()) return kNoSecondPart;
    if (const auto known = numbers_.find(bytes); known != numbers_.end()) return known->second;
    const auto number = find_number_.integer(Blob(bytes));
    if (!number) return std::nullopt;
    if (numbers_.size() >= kMostNumbersInMemory) numbers_.clear();
    numbers_.emplace(bytes, *number);
    return number;
}

std::int64_t EventKeys::number_of(const base::KeyBytes& bytes) {
    if (const auto known = find_number(bytes)) return *known;
    insert_number_.execute(Blob(bytes));
    return connection_.last_insert_rowid();
}

}  // namespace storage
