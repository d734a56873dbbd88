#include "storage/rust_history_merge.h"

#include <algorithm>
#include <charconv>

#include "storage/rust_payload.h"

namespace storage {

namespace {

enum LogColumn : int { Number, Type, Address, EventId, Version, Network };
constexpr int kRaw = 1;

std::int64_t integer(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool is_at(const RustRows& rows, std::int64_t number) {
    return !rows.ended() && rows.number() == number;
}

}  // namespace

std::string quoted_table(base::Kind kind) {
    return "\"" + std::string(base::row_of(kind).name) + "\"";
}

RustHistoryMerge::RustHistoryMerge(std::unique_ptr<RustRows> log, std::vector<KindRows> kinds,
                                   std::map<std::int64_t, std::string> types)
    : log_(std::move(log)), kinds_(std::move(kinds)), types_(std::move(types)) {}

std::optional<HistoryItem> RustHistoryMerge::next() {
    const auto number = lowest();
    if (!number) return std::nullopt;

    HistoryRow row{.number = *number};
    const std::string type = is_at(*log_, *number) ? take_log(row) : std::string();
    const auto found =
        std::ranges::find_if(kinds_, [&](const auto& kind) { return is_at(*kind.second, *number); });
    if (found == kinds_.end()) return HistoryFault{*number, "no payload is stored for it" + type};
    row.kind = found->first;
    row.payload = payload_of_rust_row(row.kind, found->second->text(kRaw));
    found->second->advance();
    return row;
}

std::optional<std::int64_t> RustHistoryMerge::lowest() const {
    std::optional<std::int64_t> number;
    if (!log_->ended()) number = log_->number();
    for (const auto& [kind, rows] : kinds_) {
        if (!rows->ended() && (!number || rows->number() < *number)) number = rows->number();
    }
    return number;
}

/// What event_log knows of the row; the name of its type, for a fault.
std::string RustHistoryMerge::take_log(HistoryRow& row) {
    row.source_address = log_->text(LogColumn::Address);
    row.node_event_id = static_cast<std::uint32_t>(integer(log_->text(LogColumn::EventId)));
    row.api_version = base::ApiVersion::parse(log_->text(LogColumn::Version)).value_or(base::ApiVersion{});
    row.network_name = log_->text(LogColumn::Network);
    const auto type = types_.find(integer(log_->text(LogColumn::Type)));
    log_->advance();
    return type == types_.end() ? std::string() : " (" + type->second + ")";
}

}  // namespace storage
