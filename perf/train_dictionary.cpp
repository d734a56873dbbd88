// train_dictionary FILE.jsonl DICTIONARY: makes the zstd dictionary of Encoding::Packed from payloads, one a
// line. storage/dictionaries/README.md tells which.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>
#include <zdict.h>

#include "storage/hex_packing.h"

namespace {

constexpr std::size_t kDictionarySize = std::size_t{64} << 10U;
constexpr std::size_t kMostOfAKind = 400;
constexpr std::size_t kLongestSample = 16'000;

/// The kind is what stands between the first two quotes.
std::string kind_of(const std::string& payload) {
    const auto begin = payload.find('"') + 1;
    return payload.substr(begin, payload.find('"', begin) - begin);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: train_dictionary FILE.jsonl DICTIONARY\n";
        return 2;
    }
    std::ifstream lines(argv[1]);
    std::map<std::string, std::size_t> taken;
    std::string samples;
    std::vector<std::size_t> sizes;
    storage::HexPacking packing;
    storage::HexPacking::Packed packed;
    for (std::string payload; std::getline(lines, payload);) {
        if (taken[kind_of(payload)]++ >= kMostOfAKind || !packing.pack(payload, {}, packed)) continue;
        const auto size = std::min(packed.text.size(), kLongestSample);
        samples += packed.text.substr(0, size);
        sizes.push_back(size);
    }
    std::string dictionary(kDictionarySize, '\0');
    const auto size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(),
                                            sizes.data(), static_cast<unsigned>(sizes.size()));
    if (ZDICT_isError(size) != 0) {
        std::cerr << "train_dictionary: " << ZDICT_getErrorName(size) << "\n";
        return 1;
    }
    std::ofstream file(argv[2], std::ios::binary);
    file.write(dictionary.data(), static_cast<std::streamsize>(size));
    std::cout << sizes.size() << " samples of " << samples.size() << " bytes, a dictionary of " << size
              << " bytes\n";
    return file.flush() ? 0 : 1;
}
