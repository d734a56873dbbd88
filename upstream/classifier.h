#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/event.h"

namespace upstream {

/// Why a payload is not an event.
enum class ClassifyProblem : std::uint8_t {
    Unreadable,   ///< not JSON, cut off, not one object with one member, or not UTF-8
    UnknownKind,  ///< well formed, but of a kind that base::kKinds does not have
    MissingKey,   ///< a member of the natural key is missing, null, no scalar, or longer than kLongestKey
    BadVersion,   ///< an ApiVersion that does not read MAJOR.MINOR.PATCH
};

struct ClassifyError {
    ClassifyProblem problem = ClassifyProblem::Unreadable;
    std::string detail;
};
[[noreturn]] void throw_exception_from_error(const ClassifyError& error, const boost::source_location&);

/// Bytes of a key member's text that can be kept when it is not the expected hex.
inline constexpr std::size_t kLongestKey = 255;

/// Tells what a payload is: its kind and natural key, after base::kKinds, and what later queries need of it.
/// Reads the whole payload once and checks all of it (RFC 8259), without a tree of it and, when the string
/// has kPayloadPadding bytes of capacity behind its end, without a copy. Of members that occur twice the
/// first counts. One thread at a time; reuse it, for it keeps its buffers.
class Classifier {
  public:
    Classifier();
    ~Classifier();
    Classifier(const Classifier&) = delete;
    Classifier& operator=(const Classifier&) = delete;

    /// Fills kind, key, height, era, block_hash, account and api_version of `event`; leaves the rest, and on
    /// an error leaves these in any state. The key of KeyShape::Occurrence is left empty: it is not in the
    /// payload.
    [[nodiscard]] boost::system::result<void, ClassifyError> classify(const std::string& payload,
                                                                      base::Event& event);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace upstream
