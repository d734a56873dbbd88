#include "storage/sqlite_row_content.h"

#include <algorithm>
#include <sqlite3.h>
#include <unordered_map>
#include <utility>

namespace storage {

namespace {

constexpr std::string_view kColumns =
    "SELECT e.id, e.kind, e.source, e.large_payload, e.encoding, e.payload, e.chain_hash, e.block, e.signer, "
    "b.hash, p.bytes FROM event e LEFT JOIN block b ON b.number = e.block "
    "LEFT JOIN public_key p ON p.number = e.signer ";
enum Column : int { Id, Kind, Source, Large, Encoded, Payload, Chain, Block, Signer, BlockHash, SignerKey };

base::KeyBytes key_bytes(Blob bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

bool is_damage(const SqliteFailure& failure) {
    return failure.primary_code() == SQLITE_CORRUPT || failure.primary_code() == SQLITE_IOERR;
}

std::optional<Digest> digest_or_none(Blob bytes) {
    Digest digest;
    if (bytes.size() != digest.size()) return std::nullopt;
    std::ranges::copy(bytes, digest.begin());
    return digest;
}

/// The keys of all events but signatures, by id: for where the index that finds them fails.
class SqliteRowContent::KeysById {
  public:
    struct Key {
        std::int64_t kind = 0;
        base::KeyBytes first;
        std::int64_t second = 0;
    };

    explicit KeysById(const SqliteConnection& connection) {
        // From both ends: a damaged place in the middle costs what lies there.
        for (const std::string order : {"", " ORDER BY kind DESC, first DESC, second DESC"}) {
            if (read(connection, order)) return;
        }
    }

    [[nodiscard]] const Key* find(base::EventId id) const {
        const auto found = keys_.find(id);
        return found == keys_.end() ? nullptr : &found->second;
    }

  private:
    bool read(const SqliteConnection& connection, const std::string& order) {
        try {
            auto statement =
                connection.prepare("SELECT kind, first, second, id FROM event_key NOT INDEXED" + order);
            auto rows = statement.query();
            while (rows.next()) {
                keys_.insert_or_assign(static_cast<base::EventId>(rows.integer(3)),
                                       Key{rows.integer(0), key_bytes(rows.blob(1)), rows.integer(2)});
            }
            return true;
        } catch (const SqliteFailure& failure) {
            if (!is_damage(failure)) throw;
            return false;
        }
    }

    std::unordered_map<base::EventId, Key> keys_;
};

SqliteRowContent::SqliteRowContent(const SqliteConnection& connection)
    : connection_(connection),
      find_key_(connection.prepare("SELECT first, second FROM event_key INDEXED BY event_key_id WHERE id = "
                                   "?1 AND kind = ?2")),
      find_bytes_(connection.prepare("SELECT bytes FROM public_key WHERE number = ?1")),
      find_signature_(connection.prepare("SELECT id FROM signature_key WHERE block = ?1 AND signer = ?2")),
      large_(connection.prepare("SELECT size, encoding FROM large_payload WHERE number = ?1")),
      parts_(connection.prepare("SELECT bytes FROM payload_part WHERE payload = ?1 ORDER BY seq")) {}

SqliteRowContent::~SqliteRowContent() = default;

std::string SqliteRowContent::select(std::string_view rest) {
    return std::string(kColumns) + std::string(rest);
}

std::vector<Damage> SqliteRowContent::take_index_faults() {
    return std::exchange(index_faults_, {});
}

LogRow SqliteRowContent::read(const SqliteStatement::Rows& rows) {
    LogRow row;
    bytes_ = 0;
    row.id = static_cast<base::EventId>(rows.integer(Column::Id));
    row.chain = digest_or_none(rows.blob(Column::Chain));
    const auto kind = rows.integer(Column::Kind);
    const auto source = rows.integer(Column::Source);
    if (kind <= 0 || kind >= static_cast<std::int64_t>(base::kKinds.size())) {
        row.fault = "it is of an unknown kind";
        return row;
    }
    row.kind = static_cast<base::Kind>(kind);
    const bool right_source = row.kind == base::Kind::Shutdown
                                  ? source >= 0 && source <= static_cast<std::int64_t>(base::Filter::Sidecar)
                                  : source == static_cast<std::int64_t>(base::row_of(row.kind).filter);
    if (!right_source) {
        row.fault = "it is of another endpoint than its kind";
        return row;
    }
    row.source = static_cast<base::Filter>(source);
    try {
        read_key(row, rows);
        if (row.fault.empty()) row.payload = payload_digest(row, rows);
    } catch (const SqliteFailure& failure) {
        if (!is_damage(failure)) throw;
        row.fault = std::string("SQLite cannot read all of it: ") + failure.what();
    }
    return row;
}

void SqliteRowContent::read_key(LogRow& row, const SqliteStatement::Rows& rows) {
    if (row.kind == base::Kind::FinalitySignature) return read_signature_key(row, rows);
    std::optional<std::int64_t> second;
    try {
        auto keys = find_key_.query(row.id, static_cast<int>(row.kind));
        if (keys.next()) {
            row.key.first = key_bytes(keys.blob(0));
            second = keys.integer(1);
        }
    } catch (const SqliteFailure& failure) {
        if (!is_damage(failure)) throw;
    }
    if (!second) second = find_key_without_index(row);
    if (!second) {
        row.fault = "its natural key is missing";
    } else if (*second != 0) {
        auto bytes = find_bytes_.query(*second);
        if (bytes.next()) {
            row.key.second = key_bytes(bytes.blob(0));
        } else {
            row.fault = "its public key is missing";
        }
    }
}

std::optional<std::int64_t> SqliteRowContent::find_key_without_index(LogRow& row) {
    if (!keys_) keys_ = std::make_unique<KeysById>(connection_);
    const auto* key = keys_->find(row.id);
    if (key == nullptr || key->kind != static_cast<std::int64_t>(row.kind)) return std::nullopt;
    row.key.first = key->first;
    index_faults_.push_back({Damage::Kind::Index, row.id, row.id, "the index event_key_id does not find it"});
    return key->second;
}

void SqliteRowContent::read_signature_key(LogRow& row, const SqliteStatement::Rows& rows) {
    if (rows.is_null(Column::BlockHash) || rows.is_null(Column::SignerKey)) {
        row.fault = "its block or signer is missing";
        return;
    }
    row.key = {key_bytes(rows.blob(Column::BlockHash)), key_bytes(rows.blob(Column::SignerKey))};
    std::optional<std::int64_t> id;
    try {
        id = find_signature_.integer(rows.integer(Column::Block), rows.integer(Column::Signer));
    } catch (const SqliteFailure& failure) {
        if (!is_damage(failure)) throw;
    }
    if (id != static_cast<std::int64_t>(row.id)) {
        index_faults_.push_back(
            {Damage::Kind::Index, row.id, row.id, "the table signature_key does not have it"});
    }
}

std::optional<Digest> SqliteRowContent::payload_digest(LogRow& row, const SqliteStatement::Rows& rows) {
    std::string parts;
    auto encoding = rows.integer(Column::Encoded);
    std::string_view stored = rows.text(Column::Payload);
    std::optional<std::int64_t> size;
    RowKeys keys{rows.blob(Column::BlockHash), rows.blob(Column::SignerKey)};
    if (!rows.is_null(Column::Large)) {
        keys = {};
        auto header = large_.query(rows.integer(Column::Large));
        if (!header.next()) {
            row.fault = "its payload is missing";
            return std::nullopt;
        }
        size = header.integer(0);
        encoding = header.integer(1);
        auto all = parts_.query(rows.integer(Column::Large));
        while (all.next()) parts += all.text(0);
        stored = parts;
    }
    bytes_ = stored.size();
    const auto payload = codec_.decode(static_cast<Encoding>(encoding), stored, keys);
    if (!payload || (size && static_cast<std::int64_t>(payload->size()) != *size)) {
        row.fault = payload ? "its payload is not complete" : payload.error().message;
        return std::nullopt;
    }
    return sha256_.of(*payload);
}

}  // namespace storage
