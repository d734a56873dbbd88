#include "sim/deploy_payloads.h"

#include <array>
#include <string>
#include <vector>

#include "sim/random.h"
#include "sim/text.h"
#include "sim/units.h"

namespace sim {
namespace {

constexpr std::uint64_t kAccounts = 1000;
constexpr std::uint64_t kPayment = 100'000'000;

// A U512 as the chain serialises it: the number of bytes, then the bytes, least significant first.
std::string u512_bytes(std::uint64_t value) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string bytes;
    unsigned count = 0;
    for (; value != 0; value >>= 8U, ++count) {
        bytes.push_back(kDigits[(value >> 4U) & 0xfU]);
        bytes.push_back(kDigits[value & 0xfU]);
    }
    return std::string{'0', kDigits[count]} + bytes;
}

void append_amount(std::string& out, std::uint64_t amount) {
    append(out, R"(["amount",{"cl_type":"U512","bytes":")", u512_bytes(amount), R"(","parsed":")", amount,
           "\"}]");
}

void append_transfer(std::string& out, const DeployFacts& deploy, Random& random) {
    const auto target = random.hex(32);
    out += R"({"Transfer":{"args":[)";
    append_amount(out, deploy.amount);
    append(out, R"(,["target",{"cl_type":{"ByteArray":32},"bytes":")", target, R"(","parsed":")", target,
           R"("}],["id",{"cl_type":{"Option":"U64"},"bytes":"010000000000000000","parsed":0}]]}})");
}

void append_contract_call(std::string& out, const DeployFacts& deploy, Random& random) {
    static constexpr std::array<std::string_view, 5> kEntryPoints{"delegate", "undelegate", "transfer",
                                                                  "approve", "mint"};
    append(out, R"({"StoredContractByHash":{"hash":")", random.hex(32), R"(","entry_point":")",
           kEntryPoints[random.below(kEntryPoints.size())],
           R"(","args":[["recipient",{"cl_type":"PublicKey","bytes":")", deploy.account, R"(","parsed":")",
           deploy.account, R"("}],)");
    append_amount(out, deploy.amount);
    out += "]}}";
}

void append_module(std::string& out, const DeployFacts& deploy, Random& random) {
    out += R"({"ModuleBytes":{"module_bytes":"0061736d01000000)";
    random.append_hex(out, deploy.wasm_bytes);
    out += R"(","args":[)";
    append_amount(out, deploy.amount);
    out += "]}}";
}

void append_session(std::string& out, const DeployFacts& deploy, Random& random) {
    switch (deploy.session) {
        case DeployFacts::Session::Transfer:
            return append_transfer(out, deploy, random);
        case DeployFacts::Session::Contract:
            return append_contract_call(out, deploy, random);
        case DeployFacts::Session::Wasm:
            return append_module(out, deploy, random);
    }
}

void append_write(std::string& out, Random& random) {
    const auto amount = random.between(1, 1'000'000'000'000'000);
    if (random.one_in(2)) {
        append(out, R"({"AddUInt512":")", amount, "\"}");
        return;
    }
    append(out, R"({"WriteCLValue":{"cl_type":"U512","bytes":")", u512_bytes(amount), R"(","parsed":")",
           amount, "\"}}");
}

// What one execution reads and writes: the network's system contracts, and some keys of its own. Most are
// touched several times, as on the real chain, where 10 to 60 transforms have 10 to 20 keys between them.
std::vector<std::string> touched_keys(const Identity& identity, std::size_t transforms, Random& random) {
    static constexpr std::array<std::string_view, 4> kKinds{"hash-", "balance-", "account-hash-", "uref-"};
    static constexpr std::uint64_t kSystemContracts = 4;
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < kSystemContracts; ++i)
        keys.push_back("hash-" + identity.hash("contract", i));
    for (std::size_t own = 4 + transforms / 4; own > 0; --own) {
        const auto kind = kKinds[random.below(kKinds.size())];
        keys.push_back(std::string(kind) + random.hex(32) + (kind == "uref-" ? "-000" : ""));
    }
    return keys;
}

void append_transform(std::string& out, const std::vector<std::string>& keys, Random& random) {
    append(out, R"({"key":")", keys[random.below(keys.size())], R"(","transform":)");
    if (random.one_in(5)) {
        append_write(out, random);
    } else {
        out += R"("Identity")";
    }
    out += "},";
}

// What every execution ends with: the deploy's own record and, for a transfer, the transfer's.
void append_records(std::string& out, const DeployFacts& deploy, std::string_view transfer, Random& random) {
    const auto from = random.hex(32);
    const auto source = random.hex(32);
    if (!transfer.empty()) {
        append(out, R"({"key":")", transfer, R"(","transform":{"WriteTransfer":{"deploy_hash":")",
               deploy.hash, R"(","from":"account-hash-)", from, R"(","to":"account-hash-)", random.hex(32),
               R"(","source":"uref-)", source, R"(-007","target":"uref-)", random.hex(32),
               R"(-004","amount":")", deploy.amount, R"(","gas":"0","id":0}}},)");
    }
    append(out, R"({"key":"deploy-)", deploy.hash, R"(","transform":{"WriteDeployInfo":{"deploy_hash":")",
           deploy.hash, R"(","transfers":[)");
    if (!transfer.empty()) append(out, "\"", transfer, "\"");
    append(out, R"(],"from":"account-hash-)", from, R"(","source":"uref-)", source, R"(-007","gas":")",
           kPayment, R"("}}}]},"transfers":[)");
    if (!transfer.empty()) append(out, "\"", transfer, "\"");
    append(out, R"(],"cost":")", kPayment, "\"");
}

std::size_t transforms_of(DeployFacts::Session session, Random& random) {
    switch (session) {
        case DeployFacts::Session::Transfer:
            return random.between(18, 48);
        case DeployFacts::Session::Contract:
            return random.one_in(10) ? random.between(150, 900) : random.between(30, 120);
        case DeployFacts::Session::Wasm:
            return random.between(200, 2500);
    }
    return 0;
}

}  // namespace

DeployFacts make_deploy(const Identity& identity, std::uint64_t height, std::uint64_t index, bool transfer,
                        std::uint64_t wasm_every, std::chrono::milliseconds timestamp) {
    Random random(identity.seed(), {'d', height, index});
    DeployFacts deploy;
    deploy.hash = identity.deploy_hash(height, index);
    deploy.account = identity.public_key("account", random.below(kAccounts));
    deploy.timestamp = rfc3339(timestamp);
    if (!transfer)
        deploy.session =
            random.one_in(wasm_every) ? DeployFacts::Session::Wasm : DeployFacts::Session::Contract;
    if (deploy.session == DeployFacts::Session::Wasm) deploy.wasm_bytes = random.between(10'000, 210'000);
    deploy.transforms = transforms_of(deploy.session, random);
    deploy.amount = random.between(2'500'000'000, 900'000'000'000'000);
    deploy.fails = !transfer && random.one_in(12);
    deploy.salt = random.next();
    return deploy;
}

std::string deploy_accepted(const Identity& identity, const DeployFacts& deploy,
                            std::string_view chain_name) {
    Random random(identity.seed(), {'a', deploy.salt});
    std::string out;
    out.reserve(1200 + 2 * deploy.wasm_bytes);
    append(out, R"({"DeployAccepted":{"hash":")", deploy.hash, R"(","header":{"account":")", deploy.account,
           R"(","timestamp":")", deploy.timestamp, R"(","ttl":"30m","gas_price":1,"body_hash":")",
           random.hex(32), R"(","dependencies":[],"chain_name":")", chain_name,
           R"("},"payment":{"ModuleBytes":{"module_bytes":"","args":[)");
    append_amount(out, kPayment);
    out += R"(]}},"session":)";
    append_session(out, deploy, random);
    append(out, R"(,"approvals":[{"signer":")", deploy.account, R"(","signature":")",
           deploy.account.substr(0, 2), random.hex(64), "\"}]}}");
    return out;
}

std::string deploy_processed(const Identity& identity, const DeployFacts& deploy,
                             std::string_view block_hash) {
    Random random(identity.seed(), {'p', deploy.salt});
    const auto transfer =
        deploy.session == DeployFacts::Session::Transfer ? "transfer-" + random.hex(32) : std::string{};
    std::string out;
    out.reserve(2048 + 140 * deploy.transforms);
    append(out, R"({"DeployProcessed":{"deploy_hash":")", deploy.hash, R"(","account":")", deploy.account,
           R"(","timestamp":")", deploy.timestamp, R"(","ttl":"30m","dependencies":[],"block_hash":")",
           block_hash, R"(","execution_result":{")", deploy.fails ? "Failure" : "Success",
           R"(":{"effect":{"operations":[],"transforms":[)");
    const auto keys = touched_keys(identity, deploy.transforms, random);
    for (std::size_t i = 0; i < deploy.transforms; ++i) append_transform(out, keys, random);
    append_records(out, deploy, transfer, random);
    if (deploy.fails) append(out, R"(,"error_message":"User error: )", random.below(100), "\"");
    out += "}}}}";
    return out;
}

std::string deploy_expired(std::string_view deploy_hash) {
    std::string out;
    append(out, R"({"DeployExpired":{"deploy_hash":")", deploy_hash, "\"}}");
    return out;
}

}  // namespace sim
