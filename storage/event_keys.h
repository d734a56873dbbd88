#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>

#include "base/event.h"
#include "storage/sqlite.h"

namespace storage {

/// How a signature's row names what all signatures of a block, or of a validator, have in common.
struct SignatureNumbers {
    std::int64_t block = 0;   ///< of the table block
    std::int64_t signer = 0;  ///< of the table public_key
};

/// The natural keys of the stored events: the table signature_key for finality signatures, event_key for all
/// others. Used by whoever has the connection's turn, within its transaction.
class EventKeys {
  public:
    explicit EventKeys(const SqliteConnection& connection);

    struct Added {
        bool is_new = false;
        std::optional<SignatureNumbers> numbers;  ///< of a signature
    };
    /// Adds the key with this id, unless it is there already.
    [[nodiscard]] Added add(base::Kind kind, const base::NaturalKey& key, base::EventId id);

    [[nodiscard]] bool contains(base::Kind kind, const base::NaturalKey& key);

    /// The transaction was rolled back: numbers that it gave do not hold.
    void rolled_back();

  private:
    /// A table of byte strings that are written once and then named by number.
    class Numbers {
      public:
        Numbers(const SqliteConnection& connection, std::string_view table, std::string_view column);
        [[nodiscard]] std::optional<std::int64_t> find(const base::KeyBytes& bytes);
        [[nodiscard]] std::int64_t of(const base::KeyBytes& bytes);
        void forget() { known_.clear(); }

      private:
        void keep(const base::KeyBytes& bytes, std::int64_t number);

        const SqliteConnection& connection_;
        SqliteStatement insert_;
        SqliteStatement find_;
        struct Hash {
            std::size_t operator()(const base::KeyBytes& bytes) const;
        };
        boost::unordered_flat_map<base::KeyBytes, std::int64_t, Hash> known_;  // of late
    };

    [[nodiscard]] std::int64_t second_part(const base::KeyBytes& bytes);

    Numbers blocks_;
    Numbers public_keys_;
    SqliteStatement insert_key_;
    SqliteStatement find_key_;
    SqliteStatement insert_signature_;
    SqliteStatement find_signature_;
};

}  // namespace storage
