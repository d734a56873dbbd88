#include "storage/postgresql_payloads.h"

#include <memory>
#include <string>

namespace storage {

namespace {

using Session = PostgresqlPool::Session;

const PostgresqlStatement kOrphans{"orphans",
                                   "SELECT number FROM large_payload WHERE instance = $1 AND NOT appended"};
// Deleted events are known for a day, too.
const PostgresqlStatement kInLog{
    "in_log",
    "SELECT (SELECT count(*) FROM event WHERE kind <> 6 AND kind = $1 AND key_first = $2 AND key_second = $3)"
    " + (SELECT count(*) FROM pruned_key WHERE kind <> 6 AND kind = $1 AND key_first = $2"
    " AND key_second = $3)"};
const PostgresqlStatement kSignatureInLog{
    "signature_in_log",
    "SELECT (SELECT count(*) FROM event WHERE kind = 6 AND kind = $1 AND block = n.block"
    " AND signer = n.signer) + (SELECT count(*) FROM pruned_key WHERE kind = 6 AND kind = $1"
    " AND block = n.block AND signer = n.signer) "
    "FROM (SELECT (SELECT number FROM hash WHERE bytes = $2) AS block,"
    " (SELECT number FROM public_key WHERE bytes = $3) AS signer) n"};
// The first part comes with the payload's row, in one statement and so in one transaction.
const PostgresqlStatement kFirstPart{
    "first_part",
    "WITH made AS (INSERT INTO large_payload (size, instance, encoding, appended, digest)"
    " VALUES ($1, $2, $3, false, $4) RETURNING number) "
    "INSERT INTO payload_part SELECT number, $5, $6 FROM made RETURNING payload"};
// It may be there from a try whose answer was lost.
const PostgresqlStatement kNextPart{"next_part",
                                    "INSERT INTO payload_part VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
const PostgresqlStatement kDeletePart{
    "delete_part",
    "DELETE FROM payload_part p WHERE p.payload = $1"
    " AND p.seq = (SELECT min(q.seq) FROM payload_part q WHERE q.payload = $1)"
    " AND EXISTS (SELECT FROM large_payload l WHERE l.number = $1 AND NOT l.appended)"};
const PostgresqlStatement kDeletePayload{"delete_payload",
                                         "DELETE FROM large_payload WHERE number = $1 AND NOT appended"};

}  // namespace

std::vector<std::uint64_t> PostgresqlPayloads::orphans() {
    return pool_.use([&](Session& session) {
        std::vector<std::uint64_t> numbers;
        for (const auto& row : session.connection.execute(kOrphans, instance_))
            numbers.push_back(row[0].as<std::uint64_t>());
        return numbers;
    });
}

bool PostgresqlPayloads::in_log(const base::Event& event) {
    const auto& statement = event.kind == base::Kind::FinalitySignature ? kSignatureInLog : kInLog;
    return pool_.use([&](Session& session) {
        const auto rows =
            session.connection.execute(statement, static_cast<int>(event.kind), to_parameter(event.key.first),
                                       to_parameter(event.key.second));
        return rows[0][0].as<std::int64_t>() != 0;
    });
}

std::uint64_t PostgresqlPayloads::write_part(std::uint64_t number, const StoredPayload& payload,
                                             std::int64_t seq, std::string_view part) {
    return pool_.use([&](Session& session) {
        if (number != 0) {
            session.connection.execute(kNextPart, number, seq, to_parameter(part));
            return number;
        }
        const auto made = session.connection.execute(kFirstPart, payload.size, instance_,
                                                     static_cast<int>(payload.encoding),
                                                     to_parameter(payload.digest), seq, to_parameter(part));
        return made[0][0].as<std::uint64_t>();
    });
}

bool PostgresqlPayloads::delete_part(std::uint64_t number) {
    return pool_.use([&](Session& session) {
        if (session.connection.execute(kDeletePart, number).affected_rows() != 0) return true;
        session.connection.execute(kDeletePayload, number);
        return false;
    });
}

}  // namespace storage
