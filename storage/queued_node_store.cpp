#include "storage/queued_node_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace storage {

namespace {

// Of each sort, in one transaction: an append waits for no more.
constexpr std::size_t kMostAtOnce = 64;

/// Moves the first elements, kMostAtOnce of them at most, out of a queue.
template <class T>
std::deque<T> take_first(std::deque<T>& queue) {
    const auto end =
        std::next(queue.begin(), static_cast<std::ptrdiff_t>(std::min(queue.size(), kMostAtOnce)));
    std::deque<T> first(std::move_iterator(queue.begin()), std::move_iterator(end));
    queue.erase(queue.begin(), end);
    return first;
}

template <class T>
void put_first(std::deque<T>& queue, std::deque<T> first) {
    queue.insert(queue.begin(), std::move_iterator(first.begin()), std::move_iterator(first.end()));
}

}  // namespace

QueuedNodeStore::QueuedNodeStore(Start start, base::Log log, std::function<void()> wake)
    : start_(std::move(start)), log_(std::move(log)), wake_(std::move(wake)) {}

void QueuedNodeStore::save(NodeIntent intent, std::function<void()> done) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.requests.push_back({std::move(intent), std::move(done)});
    }
    wake_();
}

void QueuedNodeStore::save(NodeGap gap, std::function<void()> done) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.gaps.push_back({std::move(gap), std::move(done)});
    }
    wake_();
}

void QueuedNodeStore::note(NodeObservation observation) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.observations.push_back(std::move(observation));
        give_up_oldest();
    }
    wake_();
}

bool QueuedNodeStore::has_work() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.requests.empty() || !waiting_.gaps.empty() || !waiting_.observations.empty();
}

void QueuedNodeStore::step() {
    Batch batch = take();
    try {
        write(batch);
    } catch (...) {
        put_back(std::move(batch));
        throw;
    }
    report_given_up();
    for (const auto& request : batch.requests) {
        if (request.done) request.done();
    }
    for (const auto& request : batch.gaps) {
        if (request.done) request.done();
    }
}

QueuedNodeStore::Batch QueuedNodeStore::take() {
    const std::lock_guard lock(mutex_);
    return {take_first(waiting_.requests), take_first(waiting_.gaps), take_first(waiting_.observations)};
}

void QueuedNodeStore::put_back(Batch batch) {
    const std::lock_guard lock(mutex_);
    put_first(waiting_.requests, std::move(batch.requests));
    put_first(waiting_.gaps, std::move(batch.gaps));
    put_first(waiting_.observations, std::move(batch.observations));
    give_up_oldest();
}

void QueuedNodeStore::give_up_oldest() {
    while (waiting_.observations.size() > kMostWaiting) {
        waiting_.observations.pop_front();
        given_up_ += 1;
    }
}

void QueuedNodeStore::report_given_up() {
    std::uint64_t given_up = 0;
    {
        const std::lock_guard lock(mutex_);
        std::swap(given_up, given_up_);
    }
    if (given_up == 0) return;
    log_->warn(
        "{} transitions are missing in the nodes' histories: more came than are kept while the "
        "database fails",
        given_up);
}

}  // namespace storage
