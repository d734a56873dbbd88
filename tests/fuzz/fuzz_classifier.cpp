// No payload makes the classifier crash or depend on what it read before, and nothing that was cut off
// passes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "upstream/classifier.h"
#include "upstream/sse_parser.h"

namespace {

using upstream::Classifier;

bool same(const base::Event& left, const base::Event& right) {
    return left.kind == right.kind && left.key == right.key && left.height == right.height &&
           left.era == right.era && left.block_hash == right.block_hash && left.account == right.account &&
           left.api_version == right.api_version;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static Classifier reused;
    std::string exact(reinterpret_cast<const char*>(bytes), size);
    std::string padded;
    padded.reserve(size + upstream::kPayloadPadding);
    padded = exact;

    base::Event first;
    base::Event second;
    Classifier fresh;
    const auto outcome = reused.classify(padded, first);
    const auto again = fresh.classify(exact, second);
    if (outcome.has_value() != again.has_value()) std::abort();
    if (!outcome) {
        if (outcome.error().problem != again.error().problem) std::abort();
        return 0;
    }
    if (!same(first, second)) std::abort();

    while (!exact.empty() && std::string_view(" \t\r\n").find(exact.back()) != std::string_view::npos)
        exact.pop_back();
    exact.pop_back();
    if (fresh.classify(exact, second)) std::abort();
    return 0;
}
