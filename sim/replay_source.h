#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_kind.h"
#include "base/result.h"
#include "sim/logical_event.h"

namespace sim {

/// The kind of a payload by its first member's name (or the bare string "Shutdown"), without reading further.
[[nodiscard]] std::optional<base::Kind> kind_of_payload(std::string_view payload);

/// The version that an ApiVersion payload announces; empty if it is none.
[[nodiscard]] std::string version_of_payload(std::string_view payload);

/// The payloads of a JSONL file, one a line, byte for byte; empty lines are overlooked. A line of
/// Kind::ApiVersion raises the nodes' version.
class ReplaySource final : public EventSource {
  public:
    /// Reads the file once to check every line; an error names the first bad one. It is read again line by
    /// line.
    [[nodiscard]] static base::Result<std::unique_ptr<ReplaySource>> open(const std::filesystem::path& file);

    /// `due` stays 0: the caller sets the pace.
    [[nodiscard]] std::optional<LogicalEvent> next() override;

  private:
    explicit ReplaySource(std::ifstream input) : input_(std::move(input)) {}

    std::ifstream input_;
};

}  // namespace sim
