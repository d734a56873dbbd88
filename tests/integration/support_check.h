#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/follower.h"
#include "support/process.h"

namespace integration {

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        if (end > begin) lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

inline std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

/// What the three endpoints of the nodes gave together: every event once, ids dense from 1 on, and the
/// payloads those that the simulator recorded, each once.
inline void expect_complete(const std::vector<support::Received>& received,
                            const std::vector<std::string>& produced) {
    std::map<std::uint64_t, std::string> by_id;
    for (const auto& event : received)
        EXPECT_TRUE(by_id.emplace(event.id, event.data).second) << "twice: " << event.id;
    ASSERT_FALSE(by_id.empty());
    EXPECT_EQ(by_id.begin()->first, 1U);
    EXPECT_EQ(by_id.rbegin()->first, by_id.size()) << "the ids are not dense";

    std::vector<std::string> got;
    for (auto& [id, data] : by_id) got.push_back(data);
    std::vector<std::string> expected = produced;
    std::ranges::sort(got);
    std::ranges::sort(expected);
    EXPECT_EQ(got.size(), expected.size());
    EXPECT_TRUE(got == expected) << "the payloads are not those that were sent";
}

}  // namespace integration
