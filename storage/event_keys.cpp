#include "storage/event_keys.h"

#include <functional>
#include <string>
#include <string_view>

namespace storage {

namespace {

constexpr std::int64_t kNoSecondPart = 0;

// A network has some hundred validators; a feed of ever new keys must not grow the memory.
constexpr std::size_t kMostNumbersInMemory = 4096;

std::string text(std::string_view before, std::string_view name, std::string_view after) {
    return std::string(before) + std::string(name) + std::string(after);
}

}  // namespace

std::size_t EventKeys::Numbers::Hash::operator()(const base::KeyBytes& bytes) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

EventKeys::Numbers::Numbers(const SqliteConnection& connection, std::string_view table,
                            std::string_view column)
    : connection_(connection),
      insert_(connection.prepare(text("INSERT INTO ", table, text(" (", column, ") VALUES (?1)")))),
      find_(connection.prepare(text("SELECT number FROM ", table, text(" WHERE ", column, " = ?1")))) {}

std::optional<std::int64_t> EventKeys::Numbers::find(const base::KeyBytes& bytes) {
    if (const auto known = known_.find(bytes); known != known_.end()) return known->second;
    const auto number = find_.integer(Blob(bytes));
    if (number) keep(bytes, *number);
    return number;
}

std::int64_t EventKeys::Numbers::of(const base::KeyBytes& bytes) {
    if (const auto known = find(bytes)) return *known;
    insert_.execute(Blob(bytes));
    const auto number = connection_.last_insert_rowid();
    keep(bytes, number);
    return number;
}

void EventKeys::Numbers::keep(const base::KeyBytes& bytes, std::int64_t number) {
    if (known_.size() >= kMostNumbersInMemory) known_.clear();
    known_.emplace(bytes, number);
}

EventKeys::EventKeys(const SqliteConnection& connection)
    : blocks_(connection, "block", "hash"),
      public_keys_(connection, "public_key", "bytes"),
      insert_key_(connection.prepare("INSERT OR IGNORE INTO event_key VALUES (?1, ?2, ?3, ?4)")),
      find_key_(connection.prepare("SELECT 1 FROM event_key WHERE kind = ?1 AND first = ?2 AND second = ?3")),
      insert_signature_(connection.prepare("INSERT OR IGNORE INTO signature_key VALUES (?1, ?2, ?3)")),
      find_signature_(connection.prepare("SELECT 1 FROM signature_key WHERE block = ?1 AND signer = ?2")) {}

EventKeys::Added EventKeys::add(base::Kind kind, const base::NaturalKey& key, base::EventId id) {
    if (kind == base::Kind::FinalitySignature) {
        const SignatureNumbers numbers{blocks_.of(key.first), public_keys_.of(key.second)};
        return {insert_signature_.execute(numbers.block, numbers.signer, id) == 1, numbers};
    }
    const bool is_new =
        insert_key_.execute(static_cast<int>(kind), Blob(key.first), second_part(key.second), id) == 1;
    return {is_new, std::nullopt};
}

bool EventKeys::contains(base::Kind kind, const base::NaturalKey& key) {
    if (kind == base::Kind::FinalitySignature) {
        const auto block = blocks_.find(key.first);
        const auto signer = public_keys_.find(key.second);
        return block && signer && find_signature_.integer(*block, *signer).has_value();
    }
    const auto second = key.second.empty() ? kNoSecondPart : public_keys_.find(key.second);
    return second && find_key_.integer(static_cast<int>(kind), Blob(key.first), *second).has_value();
}

void EventKeys::rolled_back() {
    blocks_.forget();
    public_keys_.forget();
}

std::int64_t EventKeys::second_part(const base::KeyBytes& bytes) {
    return bytes.empty() ? kNoSecondPart : public_keys_.of(bytes);
}

}  // namespace storage
