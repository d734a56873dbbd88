#include "block_events.h"

#include <fmt/format.h>
#include <string>
#include <utility>

#include "signatures.h"

namespace perf {

namespace {

constexpr std::uint64_t kNeverProcessed = 2000;
constexpr std::uint64_t kExpires = 8000;
constexpr std::uint64_t kFaultEvery = 1000;
constexpr std::uint64_t kShutdownEvery = 5000;
constexpr std::size_t kTransforms = 20;
constexpr std::size_t kLargeStepTransforms = 14'000;

std::string hex(std::uint64_t number, std::size_t size = 32) {
    return hex_of(bytes_of(number, size));
}

base::Event make(base::Kind kind, base::NaturalKey key, std::string payload) {
    base::Event event;
    event.kind = kind;
    event.filter = base::row_of(kind).filter;
    event.key = std::move(key);
    event.payload = std::move(payload);
    event.received = std::chrono::steady_clock::now();
    return event;
}

base::KeyBytes era_key(std::uint64_t era) {
    base::KeyBytes key;
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<std::uint8_t>(era >> shift));
    return key;
}

std::string transforms(std::uint64_t seed, std::size_t count) {
    std::string json;
    for (std::size_t i = 0; i < count; ++i) {
        json += fmt::format(R"({}{{"key":"balance-{}","transform":{{"AddUInt512":"{}"}}}})",
                            i == 0 ? "" : ",", hex(seed + i), bytes_of(seed, 8)[i % 8] * 1'000'000);
    }
    return json;
}

base::Event block_added(std::uint64_t height) {
    const auto hash = BlockEvents::block_hash(height);
    std::string deploys;
    for (std::uint64_t i = 0; i < BlockEvents::kDeploysPerBlock; ++i) {
        deploys += fmt::format(R"({}"{}")", i == 0 ? "" : ",",
                               hex_of(BlockEvents::deploy_hash(height * BlockEvents::kDeploysPerBlock + i)));
    }
    const auto era = height / BlockEvents::kBlocksPerEra;
    auto event = make(
        base::Kind::BlockAdded, {hash, {}},
        fmt::format(
            R"({{"BlockAdded":{{"block_hash":"{0}","block":{{"hash":"{0}","header":{{"parent_hash":"{1}",)"
            R"("state_root_hash":"{2}","body_hash":"{3}","random_bit":true,"accumulated_seed":"{4}",)"
            R"("era_end":null,"timestamp":"2023-10-12T11:28:07.{5:03}Z","era_id":{6},"height":{7},)"
            R"("protocol_version":"1.5.3"}},"body":{{"proposer":"{8}","deploy_hashes":[{9}],)"
            R"("transfer_hashes":[]}},"proofs":[]}}}}}})",
            hex_of(hash), hex_of(BlockEvents::block_hash(height - 1)), hex(height + (1ULL << 41U)),
            hex(height + (1ULL << 42U)), hex(height + (1ULL << 43U)), height % 1000, era, height,
            hex_of(BlockEvents::validator(height % kValidators)), deploys));
    event.block_hash = hash;
    event.height = height;
    event.era = era;
    return event;
}

base::Event accepted(std::uint64_t deploy) {
    const auto hash = BlockEvents::deploy_hash(deploy);
    const auto account = BlockEvents::account_of(deploy);
    auto event = make(
        base::Kind::DeployAccepted, {hash, {}},
        fmt::format(
            R"({{"DeployAccepted":{{"hash":"{0}","header":{{"account":"{1}",)"
            R"("timestamp":"2023-10-12T11:27:{2:02}.000Z","ttl":"30m","gas_price":1,"body_hash":"{3}",)"
            R"("dependencies":[],"chain_name":"casper"}},"payment":{{"ModuleBytes":{{"module_bytes":"",)"
            R"("args":[["amount",{{"cl_type":"U512","bytes":"0400e1f505","parsed":"100000000"}}]]}}}},)"
            R"("session":{{"Transfer":{{"args":[["amount",{{"cl_type":"U512","bytes":"0500f2052a01",)"
            R"("parsed":"{4}"}}],["target",{{"cl_type":"PublicKey","bytes":"{5}","parsed":"{5}"}}],)"
            R"(["id",{{"cl_type":{{"Option":"U64"}},"bytes":"01{6}","parsed":{4}}}]]}}}},)"
            R"("approvals":[{{"signer":"{1}","signature":"01{7}"}}]}}}})",
            hex_of(hash), hex_of(account), deploy % 60, hex(deploy + (1ULL << 44U)), deploy,
            hex_of(BlockEvents::account_of(deploy + 1)), hex(deploy, 8), hex(deploy + (1ULL << 45U), 64)));
    event.account = account;
    return event;
}

base::Event processed(std::uint64_t deploy, const base::KeyBytes& block) {
    const auto hash = BlockEvents::deploy_hash(deploy);
    const auto account = BlockEvents::account_of(deploy);
    auto event = make(
        base::Kind::DeployProcessed, {hash, {}},
        fmt::format(
            R"({{"DeployProcessed":{{"deploy_hash":"{}","account":"{}",)"
            R"("timestamp":"2023-10-12T11:27:{:02}.000Z","ttl":"30m","dependencies":[],"block_hash":"{}",)"
            R"("execution_result":{{"Success":{{"effect":{{"operations":[],"transforms":[{}]}},)"
            R"("transfers":["transfer-{}"],"cost":"100000000"}}}}}}}})",
            hex_of(hash), hex_of(account), deploy % 60, hex_of(block),
            transforms(deploy + (1ULL << 46U), kTransforms), hex(deploy + (1ULL << 47U))));
    event.account = account;
    event.block_hash = block;
    return event;
}

base::Event expired(std::uint64_t deploy) {
    const auto hash = BlockEvents::deploy_hash(deploy);
    return make(base::Kind::DeployExpired, {hash, {}},
                fmt::format(R"({{"DeployExpired":{{"deploy_hash":"{}"}}}})", hex_of(hash)));
}

base::Event step(std::uint64_t era, std::size_t count) {
    auto event = make(
        base::Kind::Step, {era_key(era), {}},
        fmt::format(R"({{"Step":{{"era_id":{},"execution_effect":{{"operations":[],"transforms":[{}]}}}}}})",
                    era, transforms(era + (1ULL << 48U), count)));
    event.era = era;
    return event;
}

base::Event fault(std::uint64_t era, std::uint64_t validator) {
    const auto key = BlockEvents::validator(validator);
    auto event = make(base::Kind::Fault, {era_key(era), key},
                      fmt::format(R"({{"Fault":{{"era_id":{},"public_key":"{}",)"
                                  R"("timestamp":"2023-10-12T11:28:07.000Z"}}}})",
                                  era, hex_of(key)));
    event.era = era;
    return event;
}

base::Event shutdown(std::uint64_t number) {
    return make(base::Kind::Shutdown, {bytes_of(1, 33), bytes_of(number, 9)}, "\"Shutdown\"");
}

}  // namespace

base::KeyBytes BlockEvents::block_hash(std::uint64_t height) {
    return bytes_of(height, 32);
}

base::KeyBytes BlockEvents::deploy_hash(std::uint64_t deploy) {
    return bytes_of(deploy + (1ULL << 50U), 32);
}

base::KeyBytes BlockEvents::account_of(std::uint64_t deploy) {
    const auto account = deploy % 3 == 0 ? 0 : 1 + deploy % kAccounts;
    auto key = bytes_of(account + (1ULL << 51U), 33);
    key[0] = 1;
    return key;
}

base::KeyBytes BlockEvents::validator(std::uint64_t number) {
    auto key = bytes_of(1'000'000'007 + number, 33);
    key[0] = 1;
    return key;
}

base::EventBatch BlockEvents::of(std::uint64_t height) {
    base::EventBatch batch;
    const auto block = block_hash(height);
    const auto era = height / kBlocksPerEra;
    for (auto deploy = height * kDeploysPerBlock; deploy < (height + 1) * kDeploysPerBlock; ++deploy) {
        batch.push_back(accepted(deploy));
        if (deploy % kExpires == kNeverProcessed / 2) batch.push_back(expired(deploy));
        if (deploy % kNeverProcessed != kNeverProcessed / 2) batch.push_back(processed(deploy, block));
    }
    batch.push_back(block_added(height));
    for (std::uint64_t i = 0; i < kValidators; ++i) batch.push_back(signature(height * kValidators + i));
    if (height % kBlocksPerEra == 0) batch.push_back(step(era, 10 * kTransforms));
    if (height % kFaultEvery == 0) batch.push_back(fault(era, height / kFaultEvery % 7));
    if (height % kShutdownEvery == 0) batch.push_back(shutdown(height));
    return batch;
}

base::Event BlockEvents::large_step(std::uint64_t era) {
    return step(era, kLargeStepTransforms);
}

}  // namespace perf
