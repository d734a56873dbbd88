#include "admin/recent_blocks.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace admin {

using nlohmann::json;

namespace {

std::string text_at(const json& document, const char* path) {
    const json::json_pointer pointer(path);
    if (!document.contains(pointer) || !document[pointer].is_string()) return {};
    return document[pointer].get<std::string>();
}

std::optional<std::uint64_t> number_at(const json& document, const char* path) {
    const json::json_pointer pointer(path);
    if (!document.contains(pointer) || !document[pointer].is_number_unsigned()) return std::nullopt;
    return document[pointer].get<std::uint64_t>();
}

std::optional<std::uint64_t> length_at(const json& document, const char* path) {
    const json::json_pointer pointer(path);
    if (!document.contains(pointer) || !document[pointer].is_array()) return std::nullopt;
    return document[pointer].size();
}

}  // namespace

RecentBlock block_of(const storage::FoundEvent& event) {
    RecentBlock block;
    block.id = event.id;
    block.hash_bytes = event.key.first;
    block.height = event.height.value_or(0);
    block.hash = fmt::format("{:02x}", fmt::join(event.key.first, ""));
    block.received_at = std::chrono::sys_time<std::chrono::milliseconds>(event.received_at);
    block.era = event.era;
    const auto payload = json::parse(event.payload, nullptr, false);
    if (!payload.is_object()) return block;
    block.time = text_at(payload, "/BlockAdded/block/header/timestamp");
    block.proposer = text_at(payload, "/BlockAdded/block/body/proposer");
    if (!block.era) block.era = number_at(payload, "/BlockAdded/block/header/era_id");
    const auto deploys = length_at(payload, "/BlockAdded/block/body/deploy_hashes");
    const auto transfers = length_at(payload, "/BlockAdded/block/body/transfer_hashes");
    if (deploys || transfers) block.transactions = deploys.value_or(0) + transfers.value_or(0);
    return block;
}

base::Result<std::vector<RecentBlock>> RecentBlocks::read() {
    if (const auto done = read_blocks(); !done) return done.error();
    using Signing = RecentBlock::Signing;
    std::vector<RecentBlock*> settled;
    for (auto& block : blocks_) {
        const bool is_newest = &block == blocks_.data();
        if (!is_newest && block.signing == Signing::Settled) {
            settled.push_back(&block);
            continue;
        }
        const auto before = block.signatures;
        if (const auto counted = count_signatures(block); !counted) return counted.error();
        const bool comparable = !is_newest && block.signing != Signing::Unknown;
        block.signing = comparable && block.signatures == before ? Signing::Settled : Signing::GoesOn;
    }
    if (!settled.empty()) {
        auto& in_turn = *settled[looked_at_++ % settled.size()];
        if (const auto counted = count_signatures(in_turn); !counted) return counted.error();
    }
    return blocks_;
}

base::Result<void> RecentBlocks::read_blocks() {
    const auto newest = finder_.newest_block();
    if (!newest) return newest.error();
    const auto newest_id = *newest ? (*newest)->id : 0;
    if (!blocks_.empty() && blocks_.front().id == newest_id) return {};

    storage::BlockQuery query;
    query.limits.max_entries = kShown;
    const auto page = finder_.blocks(query);
    if (!page) return page.error();
    std::vector<RecentBlock> blocks;
    for (const auto& event : page->entries) {
        const auto known = std::ranges::find(blocks_, event.id, &RecentBlock::id);
        if (known != blocks_.end()) {
            blocks.push_back(*known);
            continue;
        }
        blocks.push_back(block_of(event));
    }
    blocks_ = std::move(blocks);
    return {};
}

base::Result<void> RecentBlocks::count_signatures(RecentBlock& block) {
    const auto signatures = finder_.signatures_of(block.hash_bytes);
    if (!signatures) return signatures.error();
    block.signatures = signatures->size();
    return {};
}

}  // namespace admin
