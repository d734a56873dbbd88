#include "storage/sqlite_node_store.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace storage {

namespace {

// Of each sort, in one transaction: an append waits for no more.
constexpr std::size_t kMostAtOnce = 64;

std::string insert_observation(std::string_view insert_into) {
    return std::string(insert_into) +
           " (node, at, from_state, to_state, cause, message, attempt, height, build_version, network_name) "
           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
}

void execute(SqliteStatement& insert, const NodeObservation& o) {
    insert.execute(o.node, o.at, o.from, o.to, o.cause, o.message, o.attempt, o.height, o.build_version,
                   o.network_name);
}

std::vector<NodeIntent> load_intents(const SqliteConnection& connection) {
    auto statement = connection.prepare("SELECT node, wish, configuration FROM node_intent ORDER BY node");
    auto rows = statement.query();
    std::vector<NodeIntent> intents;
    while (rows.next()) {
        const auto wish = rows.integer(1);
        if (wish < 0 || wish > static_cast<std::int64_t>(NodeIntent::Wish::Deleted))
            throw SqliteFailure::corrupt("the table node_intent holds an unknown wish");
        intents.push_back({.node = std::string(rows.text(0)),
                           .wish = static_cast<NodeIntent::Wish>(wish),
                           .configuration = std::string(rows.text(2))});
    }
    return intents;
}

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

SqliteNodeStore::SqliteNodeStore(SqliteWriter& writer, ReaderPool& readers, base::Log log,
                                 std::function<void()> wake)
    : writer_(writer),
      readers_(readers),
      log_(std::move(log)),
      wake_(std::move(wake)),
      start_intents_(load_intents(writer.connection())),
      save_intent_(writer.connection().prepare(
          "INSERT OR REPLACE INTO node_intent (node, wish, configuration) VALUES (?1, ?2, ?3)")),
      save_observed_(writer.connection().prepare(insert_observation("INSERT OR REPLACE INTO node_observed"))),
      insert_history_(writer.connection().prepare(insert_observation("INSERT INTO node_history"))),
      trim_history_(writer.connection().prepare(
          "DELETE FROM node_history WHERE node = ?1 AND number <= (SELECT number FROM node_history "
          "WHERE node = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)")) {}

void SqliteNodeStore::save(NodeIntent intent, std::function<void()> done) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.requests.push_back({std::move(intent), std::move(done)});
    }
    wake_();
}

void SqliteNodeStore::note(NodeObservation observation) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.observations.push_back(std::move(observation));
        give_up_oldest();
    }
    wake_();
}

base::Result<std::vector<NodeObservation>> SqliteNodeStore::history(std::string_view node,
                                                                    std::size_t most) const {
    return readers_.read([&](SqliteReader& reader) { return reader.node_history(node, most); });
}

bool SqliteNodeStore::has_work() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.requests.empty() || !waiting_.observations.empty();
}

void SqliteNodeStore::step() {
    Batch batch = take();
    try {
        write(batch);
    } catch (const SqliteFailure&) {
        put_back(std::move(batch));
        throw;
    }
    report_given_up();
    for (const auto& request : batch.requests) {
        if (request.done) request.done();
    }
}

SqliteNodeStore::Batch SqliteNodeStore::take() {
    const std::lock_guard lock(mutex_);
    return {take_first(waiting_.requests), take_first(waiting_.observations)};
}

void SqliteNodeStore::write(const Batch& batch) {
    const auto turn = writer_.maintenance_turn();
    SqliteTransaction transaction(writer_.connection(), SqliteTransaction::Kind::Write);
    for (const auto& [intent, done] : batch.requests) {
        save_intent_.execute(intent.node, static_cast<std::int64_t>(intent.wish), intent.configuration);
    }
    for (const auto& observation : batch.observations) write_observation(observation);
    transaction.commit();
}

void SqliteNodeStore::write_observation(const NodeObservation& observation) {
    execute(save_observed_, observation);
    execute(insert_history_, observation);
    trim_history_.execute(observation.node, kHistoryPerNode);
}

void SqliteNodeStore::put_back(Batch batch) {
    const std::lock_guard lock(mutex_);
    put_first(waiting_.requests, std::move(batch.requests));
    put_first(waiting_.observations, std::move(batch.observations));
    give_up_oldest();
}

void SqliteNodeStore::give_up_oldest() {
    while (waiting_.observations.size() > kMostWaiting) {
        waiting_.observations.pop_front();
        given_up_ += 1;
    }
}

void SqliteNodeStore::report_given_up() {
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
