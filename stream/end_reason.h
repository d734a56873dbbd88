#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stream {

/// Why a stream ended; the names are those of the metric.
enum class EndReason : std::uint8_t {
    ClientClosed,
    WriteFailed,
    WriteTimeout,
    Pruned,
    Stopped,
    Drained,
    ClosedByOperator,
    TooFarBehind
};
inline constexpr std::array kEndReasons{
    EndReason::ClientClosed, EndReason::WriteFailed, EndReason::WriteTimeout,     EndReason::Pruned,
    EndReason::Stopped,      EndReason::Drained,     EndReason::ClosedByOperator, EndReason::TooFarBehind};
[[nodiscard]] std::string_view name_of(EndReason reason);

}  // namespace stream
