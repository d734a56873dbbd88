#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/event_finder.h"
#include "support/payloads.h"

namespace support {

/// The bytes of support::hash_text().
inline base::KeyBytes hash_bytes(std::uint64_t number) {
    base::KeyBytes bytes(32, 0);
    for (std::size_t i = 0; i < 8; ++i) bytes[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return bytes;
}

/// The bytes of "01" and support::hash_text().
inline base::KeyBytes key_bytes(std::uint64_t number) {
    base::KeyBytes bytes{1};
    for (const auto byte : hash_bytes(number)) bytes.push_back(byte);
    return bytes;
}

/// An EventFinder in memory, for tests of what stands above it; can be told to fail, or to take its time.
class MemoryFinder final : public storage::EventFinder {
  public:
    std::atomic<bool> fails = false;
    std::atomic<bool> waits = false;  ///< notify it when it is made false
    mutable std::atomic<unsigned> large_reads = 0;
    base::Error failure = base::unavailable("no connection to host db.internal");

    /// The events of support::payload(), ids from 1 on. A block's height is its number, an era likewise; a
    /// signature is of the block `number`.
    void add(base::Kind kind, std::uint64_t number) { add(kind, number, payload(kind, number)); }

    void add(base::Kind kind, std::uint64_t number, std::string text) {
        storage::FoundEvent event;
        event.id = events_.size() + 1;
        event.kind = kind;
        event.received_at = std::chrono::milliseconds(1'700'000'000'000);
        event.size = text.size();
        event.payload = std::move(text);
        if (kind == base::Kind::BlockAdded) event.height = number;
        if (kind == base::Kind::Step || kind == base::Kind::Fault) event.era = number;
        event.key.first = hash_bytes(number);
        if (kind == base::Kind::Fault || kind == base::Kind::FinalitySignature)
            event.key.second = key_bytes(number);
        events_.push_back(std::move(event));
    }

    /// The newest event's payload is large from now on.
    void make_large() {
        auto& event = events_.back();
        event.large = event.id;
        large_.emplace(event.id, std::make_shared<const std::string>(std::exchange(event.payload, {})));
    }
    void lose_large() { large_.clear(); }

    base::Result<std::optional<storage::FoundEvent>> newest_block() const override {
        std::optional<storage::FoundEvent> newest;
        for (const auto& event : events_) {
            if (event.kind != base::Kind::BlockAdded) continue;
            if (!newest || event.height >= newest->height) newest = event;
        }
        return given(newest);
    }
    base::Result<std::optional<storage::FoundEvent>> block_at(std::uint64_t height) const override {
        return given(first([&](const auto& event) { return event.height == height; }));
    }
    base::Result<std::optional<storage::FoundEvent>> find(base::Kind kind,
                                                          const base::KeyBytes& hash) const override {
        return given(known(kind, hash));
    }
    base::Result<storage::FoundDeploy> deploy(const base::KeyBytes& hash) const override {
        return given(deploy_of(hash));
    }
    base::Result<std::optional<storage::FoundEvent>> step(std::uint64_t era) const override {
        return given(
            first([&](const auto& event) { return event.kind == base::Kind::Step && event.era == era; }));
    }
    base::Result<std::vector<storage::FoundEvent>> faults_of(
        const base::KeyBytes& public_key) const override {
        return given(all([&](const auto& event) {
            return event.kind == base::Kind::Fault && event.key.second == public_key;
        }));
    }
    base::Result<std::vector<storage::FoundEvent>> faults_in(std::uint64_t era) const override {
        return given(
            all([&](const auto& event) { return event.kind == base::Kind::Fault && event.era == era; }));
    }
    base::Result<std::vector<storage::FoundEvent>> signatures_of(
        const base::KeyBytes& block_hash) const override {
        return given(all([&](const auto& event) {
            return event.kind == base::Kind::FinalitySignature && event.key.first == block_hash;
        }));
    }

    base::Result<storage::Listing<storage::FoundEvent>> blocks(
        const storage::BlockQuery& query) const override {
        auto found = all([&](const auto& event) {
            return event.height && *event.height >= query.from_height && *event.height <= query.to_height;
        });
        std::ranges::stable_sort(found, {}, [](const auto& event) { return *event.height; });
        return given(page_of(std::move(found), query.order, query.after, query.limits));
    }
    base::Result<storage::Listing<storage::FoundEvent>> events(
        const storage::EventQuery& query) const override {
        auto found = all([&](const auto& event) {
            return (!query.kind || event.kind == *query.kind) && event.id >= query.from &&
                   event.id < query.to;
        });
        return given(page_of(std::move(found), query.order, query.after, query.limits));
    }
    base::Result<storage::Listing<storage::FoundDeploy>> deploys(
        const storage::DeployQuery& query) const override {
        asked = query;
        std::map<base::EventId, storage::FoundDeploy> by_id;
        for (const auto& event : events_) {
            auto deploy = deploy_of(event.key.first);
            const auto id =
                std::max({id_of(deploy.accepted), id_of(deploy.processed), id_of(deploy.expired)});
            if (id != 0) by_id.insert_or_assign(id, std::move(deploy));
        }
        storage::Listing<storage::FoundDeploy> listing;
        for (auto entry = by_id.rbegin(); entry != by_id.rend(); ++entry) {
            if (query.after && entry->first >= query.after->id) continue;
            if (listing.entries.size() == query.limits.max_entries) {
                listing.next = storage::Place{0, last_given_};
                return given(listing);
            }
            listing.entries.push_back(entry->second);
            last_given_ = entry->first;
        }
        return given(listing);
    }

    base::Result<std::shared_ptr<const std::string>> read_large(std::uint64_t number) const override {
        ++large_reads;
        const auto found = large_.find(number);
        return given(found == large_.end() ? nullptr : found->second);
    }

    mutable storage::DeployQuery asked;  ///< of the last deploys()

  private:
    template <class Value>
    base::Result<Value> given(Value value) const {
        waits.wait(true);
        if (fails) return failure;
        return value;
    }

    template <class Condition>
    std::vector<storage::FoundEvent> all(Condition condition) const {
        std::vector<storage::FoundEvent> found;
        std::ranges::copy_if(events_, std::back_inserter(found), condition);
        return found;
    }

    template <class Condition>
    std::optional<storage::FoundEvent> first(Condition condition) const {
        const auto found = std::ranges::find_if(events_, condition);
        return found == events_.end() ? std::nullopt : std::optional(*found);
    }

    std::optional<storage::FoundEvent> known(base::Kind kind, const base::KeyBytes& hash) const {
        return first([&](const auto& event) { return event.kind == kind && event.key.first == hash; });
    }

    storage::FoundDeploy deploy_of(const base::KeyBytes& hash) const {
        return {hash, known(base::Kind::DeployAccepted, hash), known(base::Kind::DeployProcessed, hash),
                known(base::Kind::DeployExpired, hash)};
    }

    static base::EventId id_of(const std::optional<storage::FoundEvent>& event) {
        return event ? event->id : 0;
    }

    static storage::Listing<storage::FoundEvent> page_of(std::vector<storage::FoundEvent> found,
                                                         storage::Order order,
                                                         const std::optional<storage::Place>& after,
                                                         const storage::PageLimits& limits) {
        const bool newest_first = order == storage::Order::NewestFirst;
        if (newest_first) std::ranges::reverse(found);
        const auto place_of = [](const auto& event) { return std::pair(event.height.value_or(0), event.id); };
        storage::Listing<storage::FoundEvent> listing;
        for (auto& event : found) {
            if (after) {
                const std::pair place(after->height, after->id);
                if (newest_first ? place_of(event) >= place : place_of(event) <= place) continue;
            }
            if (listing.entries.size() == limits.max_entries) {
                const auto& last = listing.entries.back();
                listing.next = storage::Place{last.height.value_or(0), last.id};
                break;
            }
            listing.entries.push_back(std::move(event));
        }
        return listing;
    }

    std::vector<storage::FoundEvent> events_;
    std::map<std::uint64_t, std::shared_ptr<const std::string>> large_;
    mutable base::EventId last_given_ = 0;
};

}  // namespace support
