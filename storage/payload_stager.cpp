#include "storage/payload_stager.h"

#include <algorithm>
#include <utility>

#include "storage/chain_hash.h"

namespace storage {

PayloadStager::PayloadStager(SqliteWriter& writer, EventKeys& keys, bool compress, std::function<void()> wake)
    : writer_(writer),
      keys_(keys),
      compress_(compress),
      wake_(std::move(wake)),
      insert_payload_(writer.connection().prepare(
          "INSERT INTO large_payload (size, encoding, appended, sha256) VALUES (?1, 0, 0, ?2)")),
      insert_part_(writer.connection().prepare(
          "INSERT INTO payload_part (payload, seq, encoding, bytes) VALUES (?1, ?2, ?3, ?4)")),
      delete_part_(writer.connection().prepare("DELETE FROM payload_part WHERE id = "
                                               "(SELECT id FROM payload_part WHERE payload = ?1 LIMIT 1)")),
      delete_payload_(
          writer.connection().prepare("DELETE FROM large_payload WHERE number = ?1 AND appended = 0")) {
    load_orphans();
}

void PayloadStager::load_orphans() {
    auto statement = writer_.connection().prepare("SELECT number FROM large_payload WHERE appended = 0");
    auto rows = statement.query();
    while (rows.next()) unwanted_.push_back(static_cast<std::uint64_t>(rows.integer(0)));
}

PayloadStager::KeyId PayloadStager::key_of(const base::Event& event) {
    return {event.kind, event.key.first, event.key.second, event.payload.size(),
            std::hash<std::string>{}(event.payload)};
}

void PayloadStager::submit(std::shared_ptr<const base::Event> event, EventLog::Staged done) {
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back({std::move(event), std::move(done)});
    }
    wake_();
}

void PayloadStager::settle(const std::vector<std::uint64_t>& used,
                           const std::vector<std::uint64_t>& duplicate) {
    if (used.empty() && duplicate.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        const auto forget = [&](std::uint64_t number) {
            const auto key = keys_waiting_.find(number);
            if (key == keys_waiting_.end()) return false;
            waiting_.erase(key->second);
            keys_waiting_.erase(key);
            return true;
        };
        for (const auto number : used) forget(number);
        // Another node's event with the same number is a duplicate too: then the number was settled before.
        for (const auto number : duplicate) {
            if (forget(number)) unwanted_.push_back(number);
        }
    }
    wake_();
}

void PayloadStager::discard(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    unwanted_.push_back(number);
}

bool PayloadStager::has_work() const {
    const std::lock_guard lock(mutex_);
    return busy_ || !requests_.empty() || !unwanted_.empty();
}

void PayloadStager::step() {
    admit_requests();
    if (!jobs_.empty()) {
        write_part(jobs_.front());
        if (jobs_.front().written == jobs_.front().event->payload.size()) finish_job();
        return;
    }
    delete_part();
}

void PayloadStager::admit_requests() {
    while (true) {
        Request request;
        {
            const std::lock_guard lock(mutex_);
            if (requests_.empty()) return;
            request = requests_.front();
        }
        admit(request);
        const std::lock_guard lock(mutex_);
        requests_.pop_front();
    }
}

void PayloadStager::admit(const Request& request) {
    const KeyId key = key_of(*request.event);
    const auto same = std::ranges::find(jobs_, key, &Job::key);
    if (same != jobs_.end()) {
        same->waiters.push_back(request.done);
        return;
    }
    if (const auto number = number_waiting(key); number != 0) return request.done(number);
    // In this order: a number stops waiting only after its event's commit, so that one of the two is seen.
    if (in_log(*request.event)) return request.done(0);

    Job job;
    job.key = key;
    job.event = request.event;
    job.waiters.push_back(request.done);
    jobs_.push_back(std::move(job));
    const std::lock_guard lock(mutex_);
    busy_ = true;
}

std::uint64_t PayloadStager::number_waiting(const KeyId& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(key);
    return found == waiting_.end() ? 0 : found->second;
}

bool PayloadStager::in_log(const base::Event& event) {
    const auto turn = writer_.maintenance_turn();
    return keys_.contains(event.kind, event.key);
}

void PayloadStager::write_part(Job& job) {
    const std::string& payload = job.event->payload;
    const auto part = std::string_view(payload).substr(job.written, kPayloadPart);
    // Before the turn: an append need not wait for it.
    const auto encoded = encode(part);
    const auto digest = job.number == 0 ? sha256(payload) : Digest{};

    const auto turn = writer_.maintenance_turn();
    SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
    auto number = job.number;
    if (number == 0) {
        insert_payload_.execute(payload.size(), Blob(digest));
        number = static_cast<std::uint64_t>(writer_.connection().last_insert_rowid());
    }
    insert_part_.execute(number, job.parts, static_cast<int>(encoded.encoding), as_blob(encoded.bytes));
    transaction.commit();

    job.number = number;
    job.parts += 1;
    job.written += part.size();
}

PayloadCodec::Encoded PayloadStager::encode(std::string_view part) {
    if (!compress_) return {Encoding::Plain, part};
    return codec_.encode(part, {});
}

void PayloadStager::finish_job() {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    {
        const std::lock_guard lock(mutex_);
        waiting_.emplace(job.key, job.number);
        keys_waiting_.emplace(job.number, job.key);
        busy_ = !jobs_.empty();
    }
    for (const auto& done : job.waiters) done(job.number);
}

void PayloadStager::delete_part() {
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        if (unwanted_.empty()) return;
        number = unwanted_.front();
    }
    const auto turn = writer_.maintenance_turn();
    if (delete_part_.execute(number) != 0) return;
    delete_payload_.execute(number);
    const std::lock_guard lock(mutex_);
    unwanted_.pop_front();
}

}  // namespace storage
