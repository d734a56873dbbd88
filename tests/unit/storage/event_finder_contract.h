#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "retention_logs.h"
#include "storage/event_finder.h"
#include "test_events.h"

namespace storage_test {

/// What every database form of storage::EventFinder must keep to; its tests are in event_finder_*_test.cpp.
class EventFinderContract : public testing::TestWithParam<RetentionLogFactory> {
  protected:
    storage::EventLog& log() { return database_->log(); }
    const storage::EventFinder& finder() { return log().finder(); }
    RetentionLog& database() { return *database_; }

  private:
    std::unique_ptr<RetentionLog> database_ = GetParam().make();
};

[[nodiscard]] inline base::Event block_at_height(std::uint64_t number, std::uint64_t height) {
    auto block = block_added(number);
    block.height = height;
    return block;
}

inline base::EventId id_of(const storage::FoundEvent& event) {
    return event.id;
}
inline base::KeyBytes id_of(const storage::FoundDeploy& deploy) {
    return deploy.hash;
}

/// The ids (of deploys the hashes) of all pages of a listing, which must end; `list` gives one page.
template <class Query, class List>
[[nodiscard]] auto ids_of_pages(Query query, List list) {
    std::vector<decltype(id_of(list(query)->entries.front()))> ids;
    constexpr int kMostPages = 5000;
    for (int pages = 0; pages < kMostPages; ++pages) {
        const auto page = list(query);
        if (!page) {
            ADD_FAILURE() << page.error().message;
            return ids;
        }
        EXPECT_LE(page->entries.size(), query.limits.max_entries);
        for (const auto& entry : page->entries) ids.push_back(id_of(entry));
        if (!page->next) return ids;
        query.after = page->next;
    }
    ADD_FAILURE() << "the pages do not end";
    return ids;
}

[[nodiscard]] inline std::vector<base::EventId> ids_of(const std::vector<storage::FoundEvent>& events) {
    std::vector<base::EventId> ids;
    for (const auto& event : events) ids.push_back(event.id);
    return ids;
}

}  // namespace storage_test
