#include "storage/sqlite_payloads.h"

namespace storage {

SqlitePayloads::SqlitePayloads(SqliteWriter& writer, EventKeys& keys)
    : writer_(writer),
      keys_(keys),
      insert_payload_(writer.connection().prepare(
          "INSERT INTO large_payload (size, encoding, appended, sha256) VALUES (?1, ?2, 0, ?3)")),
      insert_part_(
          writer.connection().prepare("INSERT INTO payload_part (payload, seq, bytes) VALUES (?1, ?2, ?3)")),
      delete_part_(writer.connection().prepare("DELETE FROM payload_part WHERE id = "
                                               "(SELECT id FROM payload_part WHERE payload = ?1 LIMIT 1)")),
      delete_payload_(
          writer.connection().prepare("DELETE FROM large_payload WHERE number = ?1 AND appended = 0")) {}

std::vector<std::uint64_t> SqlitePayloads::orphans() {
    const auto turn = writer_.maintenance_turn();
    auto statement = writer_.connection().prepare("SELECT number FROM large_payload WHERE appended = 0");
    auto rows = statement.query();
    std::vector<std::uint64_t> numbers;
    while (rows.next()) numbers.push_back(static_cast<std::uint64_t>(rows.integer(0)));
    return numbers;
}

bool SqlitePayloads::in_log(const base::Event& event) {
    const auto turn = writer_.maintenance_turn();
    return keys_.contains(event.kind, event.key);
}

std::uint64_t SqlitePayloads::write_part(std::uint64_t number, const StoredPayload& payload, std::int64_t seq,
                                         std::string_view part) {
    const auto turn = writer_.maintenance_turn();
    SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
    if (number == 0) {
        insert_payload_.execute(payload.size, static_cast<int>(payload.encoding), Blob(payload.digest));
        number = static_cast<std::uint64_t>(writer_.connection().last_insert_rowid());
    }
    insert_part_.execute(number, seq, as_blob(part));
    transaction.commit();
    return number;
}

bool SqlitePayloads::delete_part(std::uint64_t number) {
    const auto turn = writer_.maintenance_turn();
    if (delete_part_.execute(number) != 0) return true;
    delete_payload_.execute(number);
    return false;
}

}  // namespace storage
