#include "storage/payload_stager.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "storage/chain_hash.h"
#include "storage/payload_codec.h"

namespace storage {

PayloadStager::PayloadStager(std::unique_ptr<PayloadTable> table, bool pack, std::function<void()> wake)
    : table_(std::move(table)), pack_(pack), wake_(std::move(wake)) {
    for (const auto number : table_->orphans()) unwanted_.push_back(number);
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
        if (jobs_.front().written == jobs_.front().payload.bytes.size()) finish_job();
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
    if (table_->in_log(*request.event)) return request.done(0);

    Job job;
    job.key = key;
    job.event = request.event;
    job.payload = encode(*request.event);
    job.waiters.push_back(request.done);
    jobs_.push_back(std::move(job));
    const std::lock_guard lock(mutex_);
    busy_ = true;
}

/// Before the small transactions: no append waits for it.
StoredPayload PayloadStager::encode(const base::Event& event) const {
    StoredPayload payload;
    payload.size = event.payload.size();
    payload.digest = sha256(event.payload);
    payload.bytes = event.payload;
    if (!pack_) return payload;
    PayloadCodec codec;  // none is kept: the next large payload is hours away
    const auto encoded = codec.encode(event.payload, {});
    if (encoded.encoding == Encoding::Plain) return payload;
    payload.encoding = encoded.encoding;
    payload.owned = std::make_shared<const std::string>(encoded.bytes);
    payload.bytes = *payload.owned;
    return payload;
}

std::uint64_t PayloadStager::number_waiting(const KeyId& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(key);
    return found == waiting_.end() ? 0 : found->second;
}

void PayloadStager::write_part(Job& job) {
    const auto part = std::string_view(job.payload.bytes).substr(job.written, kPayloadPart);
    job.number = table_->write_part(job.number, job.payload, job.parts, part);
    job.parts += 1;
    job.written += part.size();
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
    if (table_->delete_part(number)) return;
    const std::lock_guard lock(mutex_);
    unwanted_.pop_front();
}

}  // namespace storage
