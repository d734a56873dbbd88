#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "storage/event_log.h"
#include "storage/payload_table.h"

namespace storage {

/// What is cut into one transaction when a large payload is staged or given up: the most that an append waits
/// for.
inline constexpr std::size_t kPayloadPart = std::size_t{256} << 10;

/// Writes large payloads into the log part by part, ahead of their events, and deletes those that got none.
/// A payload's number is in one of three states: being written (a job), waiting for its event (in
/// `waiting_`), settled: its event was appended, or it is to be deleted.
class PayloadStager {
  public:
    /// `wake` is called from any thread when there is something to do. What an earlier process staged and
    /// never appended is deleted in the course of the steps. Throws as the table's form does.
    /// Without `pack`, payloads are stored as they are.
    PayloadStager(std::unique_ptr<PayloadTable> table, bool pack, std::function<void()> wake);

    /// EventLog::stage. Any thread.
    void submit(std::shared_ptr<const base::Event> event, EventLog::Staged done);

    /// What became of payloads whose events went through a committed append: `used` belong to an event now,
    /// `duplicate` came with an event that was known. The publisher.
    void settle(const std::vector<std::uint64_t>& used, const std::vector<std::uint64_t>& duplicate);

    /// The payload belongs to no event any more. The maintenance thread.
    void discard(std::uint64_t number);

    [[nodiscard]] bool has_work() const;

    /// Does one small transaction of what there is to do. When it throws, as the table does, nothing is
    /// lost: the next call tries the same again. The maintenance thread.
    void step();

  private:
    /// Kind, natural key, and the payload's size and hash: a number is shared only between equal bytes, as
    /// what is stored must be what is sent.
    using KeyId = std::tuple<base::Kind, base::KeyBytes, base::KeyBytes, std::size_t, std::size_t>;
    struct Request {
        std::shared_ptr<const base::Event> event;
        EventLog::Staged done;
    };
    struct Job {
        KeyId key;
        std::shared_ptr<const base::Event> event;
        std::vector<EventLog::Staged> waiters;
        StoredPayload payload;     // its bytes may be those of the event
        std::uint64_t number = 0;  // none before the first part is stored
        std::int64_t parts = 0;
        std::size_t written = 0;
    };

    [[nodiscard]] static KeyId key_of(const base::Event& event);
    void admit_requests();
    void admit(const Request& request);
    [[nodiscard]] StoredPayload encode(const base::Event& event) const;
    [[nodiscard]] std::uint64_t number_waiting(const KeyId& key) const;
    void write_part(Job& job);
    void finish_job();
    void delete_part();

    std::unique_ptr<PayloadTable> table_;
    const bool pack_;
    std::function<void()> wake_;

    mutable std::mutex mutex_;  // guards the following
    std::deque<Request> requests_;
    std::map<KeyId, std::uint64_t> waiting_;
    std::unordered_map<std::uint64_t, KeyId> keys_waiting_;
    std::deque<std::uint64_t> unwanted_;
    bool busy_ = false;  // there are jobs

    std::deque<Job> jobs_;  // the maintenance thread's
};

}  // namespace storage
