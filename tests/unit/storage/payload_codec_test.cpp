#include "storage/payload_codec.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "storage/chain_hash.h"
#include "storage/hex_packing.h"
#include "support/paths.h"

namespace storage {
namespace {

constexpr std::string_view kHash = "7dd6b0bd9bd1c7ba9b4cd1e5e6ba1df3c1d1bb1b7e0c3ae9f1ff45ba9a5f3b01";
constexpr std::string_view kKey = "01a2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

base::KeyBytes bytes_of(std::string_view hex) {
    base::KeyBytes bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

std::string signature_event() {
    return R"({"FinalitySignature":{"block_hash":")" + std::string(kHash) +
           R"(","era_id":9,"signature":"01)" + std::string(128, 'c') + R"(","public_key":")" +
           std::string(kKey) + R"("}})";
}

/// What was decoded, or the error's words.
std::string round_trip(PayloadCodec& codec, std::string_view payload, const RowKeys& keys = {}) {
    const auto encoded = codec.encode(payload, keys);
    const std::string stored(encoded.bytes);
    const auto decoded = codec.decode(encoded.encoding, stored, keys);
    return decoded ? *decoded : decoded.error().message;
}

TEST(PayloadCodec, GivesBackEveryByte) {
    PayloadCodec codec;
    const std::string hex(4001, 'a');
    for (const std::string& payload :
         {std::string(), std::string("{}"), std::string("\"Shutdown\""), signature_event(), hex,
          "{\"a\":\"" + hex + "\",\"b\":\"" + hex + "\"}", std::string("control \x01 characters \x0e"),
          std::string("a\0b", 3), std::string("{\n\t\"x\" : \"ABCDEF0123456789ABCDEF\"\r\n}"),
          std::string("{\"amount\":\"123456789012345678901234567890\"}"), std::string(300'000, 'z'),
          std::string("\xff\xfe not UTF-8")}) {
        EXPECT_EQ(round_trip(codec, payload), payload);
    }
}

TEST(PayloadCodec, TakesNothingForADigitThatIsNone) {
    PayloadCodec codec;
    const std::string hex(kHash);
    for (const char c : std::string_view("/:@`gGAF \x7f\xb0\xb9\xe1\xe6\xff")) {
        for (std::size_t at = 0; at < hex.size(); ++at) {
            auto payload = "\"" + hex + "\"";
            payload[1 + at] = c;
            EXPECT_EQ(round_trip(codec, payload), payload);
        }
    }
}

TEST(PayloadCodec, ARunIsStoredOnceHoweverManyThereAre) {
    PayloadCodec codec;
    std::string once;
    std::mt19937 random(3);
    for (int run = 0; run < 200; ++run) {
        std::string digits;
        for (int i = 0; i < 64; ++i) digits += "0123456789abcdef"[random() % 16];
        once += digits + ",";
    }
    for (const std::size_t runs : {5U, 11U, 12U, 13U, 200U}) {
        const auto text = once.substr(0, runs * 65);
        const auto size = codec.encode(text + text, {}).bytes.size();
        EXPECT_GT(size, runs * 32);
        EXPECT_LT(size, runs * 32 + 8 + runs * 5) << "the second time, each is a marker and a number";
        EXPECT_EQ(round_trip(codec, text + text), text + text);
    }
}

TEST(PayloadCodec, GivesBackRandomMixesOfHexAndText) {
    PayloadCodec codec;
    std::mt19937 random(7);
    const auto first = bytes_of(kHash);
    const auto second = bytes_of(kKey);
    for (int round = 0; round < 2000; ++round) {
        std::string payload;
        std::vector<std::string> runs{std::string(kHash), std::string(kKey)};
        for (unsigned piece = random() % 30; piece > 0; --piece) {
            if (random() % 3 == 0) {
                payload += runs[random() % runs.size()];
            } else if (random() % 2 == 0) {
                auto& run = runs.emplace_back();
                for (unsigned digit = random() % 140; digit > 0; --digit) {
                    run += "0123456789abcdef"[random() % 16];
                }
                payload += run;
            } else {
                for (unsigned c = random() % 20; c > 0; --c) payload += static_cast<char>(random() % 256);
            }
        }
        const RowKeys keys = random() % 2 == 0 ? RowKeys{first, second} : RowKeys{};
        ASSERT_EQ(round_trip(codec, payload, keys), payload);
    }
}

TEST(PayloadCodec, ASignatureShrinksToItsOwnBytes) {
    PayloadCodec codec;
    const auto first = bytes_of(kHash);
    const auto second = bytes_of(kKey);
    const auto encoded = codec.encode(signature_event(), {first, second});
    EXPECT_EQ(encoded.encoding, Encoding::Packed);
    EXPECT_LT(encoded.bytes.size(), 65U + 40U);
}

TEST(PayloadCodec, DamageIsAnErrorOrAnotherTextButNeverACrash) {
    PayloadCodec codec;
    std::string payload;
    for (int i = 0; i < 60; ++i) payload += signature_event();
    const auto encoded = codec.encode(payload, {});
    const std::string stored(encoded.bytes);
    std::mt19937 random(11);
    int errors = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = stored.substr(0, random() % 2 == 0 ? stored.size() : random() % stored.size());
        if (!damaged.empty()) damaged[random() % damaged.size()] ^= static_cast<char>(1U << random() % 8);
        errors += codec.decode(Encoding::Packed, damaged, {}) ? 0 : 1;
    }
    EXPECT_GT(errors, 1500);
    EXPECT_FALSE(codec.decode(Encoding::Packed, "", {}));
    EXPECT_FALSE(codec.decode(static_cast<Encoding>(9), "x", {}));
}

TEST(PayloadCodec, TheKeysOfTheRowAreNeeded) {
    PayloadCodec codec;
    const auto first = bytes_of(kHash);
    const std::string stored(codec.encode(signature_event(), {first, {}}).bytes);
    EXPECT_FALSE(codec.decode(Encoding::Packed, stored, {}));
}

/// A log keeps its own copy; what an older program stored must be read with the same bytes.
TEST(PayloadCodec, TheDictionaryNeverChanges) {
    std::ifstream file(support::project_folder() / "storage/dictionaries/casper_1.zdict", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(packing_dictionary(), bytes);
    std::string hex;
    for (const auto byte : sha256(packing_dictionary())) {
        hex += "0123456789abcdef"[byte >> 4U];
        hex += "0123456789abcdef"[byte & 15U];
    }
    EXPECT_EQ(hex, "88ee4889a095b7bbfe074467a589ae3126c0f62871d13aa0b3b356589ee3f751");
}

TEST(ChainHash, FollowsItsDefinition) {
    base::NaturalKey key;
    key.first.assign({'a', 'b'});
    key.second.assign({'c'});
    std::string bytes(32, '\0');
    bytes += std::string("\0\0\0\0\0\0\x01\x02", 8);
    bytes += static_cast<char>(base::Kind::Step);
    bytes +=
        "\x02"
        "ab\x01"
        "c";
    const auto payload = sha256("payload");
    bytes.append(payload.begin(), payload.end());
    Sha256 hasher;
    EXPECT_EQ(chain_hash(hasher, {}, 258, base::Kind::Step, key, payload), sha256(bytes));
}

}  // namespace
}  // namespace storage
