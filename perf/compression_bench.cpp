// compression_bench FILE.jsonl...: what a compressed stream of these payloads has of the bytes of a plain
// one, and what the compressing costs, for each kind and each endpoint: event by event, and where so many
// events come together. Both with the framing of their chunks.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "payload_set.h"
#include "stream/segment.h"

namespace {

constexpr std::array<std::size_t, 3> kTogether{1, 4, 16};
constexpr std::size_t kEnoughText = std::size_t{20} << 20;
constexpr base::EventId kFirstId = 12'345'678;  // as long as an id is after some years
constexpr base::ApiVersion kVersion{1, 5, 6};

using Frames = std::vector<stream::FramePtr>;

double cpu_us() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct Cost {
    double part = 0;          ///< of the plain bytes
    double us_per_event = 0;  ///< of CPU
};

std::size_t size_of(std::span<const stream::SegmentPtr> segments) {
    std::size_t bytes = 0;
    for (const auto& segment : segments) bytes += segment->wire(stream::Framing::Chunked).size();
    return bytes;
}

Cost cost_of(const Frames& frames, std::size_t together) {
    stream::SegmentMaker maker;
    std::size_t plain = 0;
    for (const auto& frame : frames) plain += frame->wire(stream::Framing::Chunked).size();
    const auto rounds = std::clamp<std::size_t>(kEnoughText / plain, 1, 1000);

    std::size_t bytes = 0;
    const auto begin = cpu_us();
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t at = 0; at < frames.size(); at += together) {
            const auto part = std::span(frames).subspan(at, std::min(together, frames.size() - at));
            const auto segments = maker.make_all(part, 0);
            bytes += size_of(segments);
        }
    }
    const auto took = cpu_us() - begin;
    const auto all = static_cast<double>(rounds);
    return {.part = static_cast<double>(bytes) / (all * static_cast<double>(plain)),
            .us_per_event = took / (all * static_cast<double>(frames.size()))};
}

void print(std::string_view name, const Frames& frames) {
    if (frames.empty()) return;
    std::size_t bytes = 0;
    for (const auto& frame : frames) bytes += frame->wire(stream::Framing::Chunked).size();
    std::string line = fmt::format("{:<18} {:>5} events of {:>9.1f} B:", name, frames.size(),
                                   static_cast<double>(bytes) / static_cast<double>(frames.size()));
    for (const auto together : kTogether) {
        const auto cost = cost_of(frames, together);
        line += fmt::format("  x{:<2} {:5.1f} % {:8.1f} us", together, 100 * cost.part, cost.us_per_event);
    }
    std::cout << line << std::endl;
}

void run(const std::vector<std::filesystem::path>& files) {
    Frames all;
    for (const auto& event : perf::read_payloads(files)) {
        all.push_back(std::make_shared<const stream::Frame>(kFirstId + all.size(), event.kind, event.filter,
                                                            kVersion, event.payload));
    }
    for (const auto& row : base::kKinds) {
        Frames of_kind;
        std::ranges::copy_if(all, std::back_inserter(of_kind),
                             [&](const auto& frame) { return frame->kind() == row.kind; });
        print(row.name, of_kind);
    }
    for (const auto endpoint : base::kEndpoints) {
        Frames of_endpoint;
        std::ranges::copy_if(all, std::back_inserter(of_endpoint),
                             [&](const auto& frame) { return frame->endpoints().contains(endpoint); });
        print(base::endpoint_path(endpoint), of_endpoint);
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        run({argv + 1, argv + argc});
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << "compression_bench: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
