#include "sim/block_payloads.h"

#include "sim/random.h"
#include "sim/text.h"

namespace sim {
namespace {

void append_array(std::string& out, const std::vector<std::string>& values) {
    out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) append(out, i == 0 ? "\"" : ",\"", values[i], "\"");
    out += ']';
}

void append_era_end(std::string& out, const Identity& identity, std::uint64_t era) {
    Random random(identity.seed(), {'e', era});
    const auto& validators = identity.validators();
    out += R"({"era_report":{"equivocators":[],"rewards":[)";
    for (std::size_t i = 0; i < validators.size(); ++i) {
        append(out, i == 0 ? "" : ",", R"({"validator":")", validators[i], R"(","amount":)",
               random.between(1'000'000'000'000, 9'999'999'999'999), "}");
    }
    out += R"(],"inactive_validators":[]},"next_era_validator_weights":[)";
    for (std::size_t i = 0; i < validators.size(); ++i) {
        append(out, i == 0 ? "" : ",", R"({"validator":")", validators[i], R"(","weight":")",
               random.between(1'000'000'000'000'000, 9'999'999'999'999'999), "\"}");
    }
    out += "]}";
}

}  // namespace

std::string block_added(const Identity& identity, const BlockFacts& block) {
    const auto& info = block.info;
    std::string out;
    out.reserve(1024 + 70 * (block.deploy_hashes.size() + block.transfer_hashes.size()));
    append(out, R"({"BlockAdded":{"block_hash":")", info.hash, R"(","block":{"hash":")", info.hash,
           R"(","header":{"parent_hash":")", block.parent_hash, R"(","state_root_hash":")",
           info.state_root_hash, R"(","body_hash":")", identity.hash("body", info.height),
           R"(","random_bit":)", info.hash.back() % 2 == 0 ? "true" : "false", R"(,"accumulated_seed":")",
           identity.hash("accumulated_seed", info.height), R"(","era_end":)");
    if (block.ends_era) {
        append_era_end(out, identity, info.era);
    } else {
        out += "null";
    }
    append(out, R"(,"timestamp":")", info.timestamp, R"(","era_id":)", info.era, R"(,"height":)", info.height,
           R"(,"protocol_version":")", block.protocol_version, R"("},"body":{"proposer":")", info.creator,
           R"(","deploy_hashes":)");
    append_array(out, block.deploy_hashes);
    out += R"(,"transfer_hashes":)";
    append_array(out, block.transfer_hashes);
    out += R"(},"proofs":[]}}})";
    return out;
}

std::string finality_signature(const Identity& identity, std::string_view block_hash, std::uint64_t era,
                               std::string_view public_key, std::uint64_t salt) {
    Random random(identity.seed(), {'s', salt, era});
    std::string out;
    out.reserve(360);
    append(out, R"({"FinalitySignature":{"block_hash":")", block_hash, R"(","era_id":)", era,
           R"(,"signature":")", public_key.substr(0, 2));
    random.append_hex(out, 64);
    append(out, R"(","public_key":")", public_key, "\"}}");
    return out;
}

std::string fault_event(std::uint64_t era, std::string_view public_key, std::string_view timestamp) {
    std::string out;
    append(out, R"({"Fault":{"era_id":)", era, R"(,"public_key":")", public_key, R"(","timestamp":")",
           timestamp, "\"}}");
    return out;
}

}  // namespace sim
