#include "sim/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <sstream>

#include "base/api_version.h"
#include "sim/units.h"

namespace sim {
namespace {

constexpr int kBadUsage = 2;

constexpr const char* kExamples = R"(Examples:
  casper-node-sim
      three nodes, REST on 14101-14103, SSE on 18101-18103, a block every 8 seconds
  casper-node-sim --wall-clock --block-interval 2s --fault-storm 7,20s
      for a demonstration: a chain that has gone on meanwhile, with trouble now and then
  casper-node-sim --rate 20000 --payload-size 400 --buffer 60000 --max-skew 0 --stamp --wait-for-subscribers 1
      load: events of one size, each with the time at which it was sent
  casper-node-sim --nodes 1 --replay events.jsonl --rate 100
      the payloads of a file, as they are
  casper-node-sim --fault "10s node=1 drop" --fault "every=5s node=2 silent for=2s" --control-port 14000
)";

// Adds an option whose text one of the parse functions reads.
template <class T, class Parse>
CLI::Option* add(CLI::App& app, const std::string& name, T& target, Parse parse, const std::string& help) {
    const auto read = [&target, parse, name](const std::string& text) {
        auto value = parse(text);
        if (!value) throw CLI::ValidationError(name, value.error().message);
        target = static_cast<T>(std::chrono::duration_cast<T>(*value));
    };
    return app.add_option_function<std::string>(name, read, help);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, auto& target, const std::string& help) {
    return add(app, name, target, parse_duration, help)->type_name("TIME");
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::uint64_t& target,
                      const std::string& help) {
    const auto read = [&target, name](const std::string& text) {
        const auto value = parse_size(text);
        if (!value) throw CLI::ValidationError(name, value.error().message);
        target = *value;
    };
    return app.add_option_function<std::string>(name, read, help)->type_name("SIZE");
}

struct Texts {
    std::vector<std::string> faults;
    std::string storm;
    std::string kind;
    std::string api_version;
    std::string tls_certificate;
    std::string tls_key;
    std::optional<std::uint64_t> first_height;
};

void add_network_options(CLI::App& app, Options& options, Texts& texts) {
    const std::string group = "The nodes";
    app.add_option("--nodes", options.nodes, "how many")
        ->check(CLI::Range(1, 100))
        ->capture_default_str()
        ->group(group);
    app.add_option("--bind", options.bind_address, "address to listen on")
        ->capture_default_str()
        ->group(group);
    app.add_option("--rest-port", options.rest_port, "of the first node, counting up; 0: any free ones")
        ->capture_default_str()
        ->group(group);
    app.add_option("--sse-port", options.sse_port, "of the first node, counting up; 0: any free ones")
        ->capture_default_str()
        ->group(group);
    app.add_option("--build-version", options.build_version, "in /status")
        ->capture_default_str()
        ->group(group);
    app.add_option("--api-version", texts.api_version, "of the first frame [the build version]")
        ->group(group);
    app.add_option("--network", options.chain.name, "chainspec_name in /status")
        ->capture_default_str()
        ->group(group);
    app.add_option("--buffer", options.buffer, "events that a node holds for start_from")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}))
        ->capture_default_str()
        ->group(group);
    app.add_option("--first-id", options.first_id, "of every node's events; ids wrap at 2^32")
        ->capture_default_str()
        ->group(group);
    add_duration(app, "--keep-alive", options.keep_alive, "between keep-alives of an idle stream [15s]")
        ->group(group);
    app.add_option("--tls-certificate", texts.tls_certificate, "PEM; the nodes are served over https")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--tls-key", texts.tls_key, "its private key, PEM")->type_name("FILE")->group(group);
    app.add_flag("--until-close", options.until_close, "plain streams until close, no chunked encoding")
        ->group(group);
}

void add_chain_options(CLI::App& app, Options& options, Texts& texts) {
    const std::string group = "The chain";
    auto& chain = options.chain;
    app.add_option("--seed", chain.seed, "the same seed gives the same events, byte for byte")
        ->capture_default_str()
        ->group(group);
    add_duration(app, "--block-interval", chain.block_interval, "from block to block [8s]")->group(group);
    app.add_option("--blocks-per-era", chain.blocks_per_era, "the last one ends the era with a Step")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
        ->capture_default_str()
        ->group(group);
    app.add_option("--validators", chain.validators, "each signs every block")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str()
        ->group(group);
    app.add_option("--deploys-per-block", chain.deploys_per_block, "that are no transfers")
        ->check(CLI::Range(0, 10'000))
        ->capture_default_str()
        ->group(group);
    app.add_option("--transfers-per-block", chain.transfers_per_block, "native transfers")
        ->check(CLI::Range(0, 10'000))
        ->capture_default_str()
        ->group(group);
    app.add_option("--wasm-every", chain.wasm_every,
                   "one deploy in so many brings a module of 20 to 420 KB; 0: none")
        ->capture_default_str()
        ->group(group);
    add_size(app, "--step-size", chain.step_size, "of a Step's JSON, for instance 30MB [1.7MB]")
        ->group(group);
    app.add_option("--first-height", texts.first_height, "height of the first block [1]")->group(group);
    app.add_flag(
           "--wall-clock", options.wall_clock,
           "begin at the block that the chain would have reached by now, had it gone on since 2024-01-01; "
           "without it every run begins at the same block")
        ->group(group);
}

void add_production_options(CLI::App& app, Options& options, Texts& texts) {
    const std::string group = "The load";
    auto& production = options.production;
    app.add_option("--rate", production.rate, "events a second, evenly, instead of the chain's own times")
        ->check(CLI::Range(0.001, 10'000'000.0))
        ->group(group);
    add_size(app, "--payload-size", options.payload_size,
             "events of one kind and of exactly this size; needs --rate")
        ->group(group);
    app.add_option("--kind", texts.kind, "which kind these are [FinalitySignature]; needs --rate")
        ->group(group);
    app.add_option("--replay", options.replay,
                   "payloads from a JSONL file instead of a chain; --rate is 100 if not given")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--events", production.events, "stop producing after so many, go on serving")
        ->group(group);
    add_duration(app, "--max-skew", production.max_skew,
                 "how much later than the first a node has an event [200ms]")
        ->group(group);
    add_duration(app, "--start-delay", production.start_delay, "before the first event")->group(group);
    app.add_option("--wait-for-subscribers", production.wait_for_subscribers,
                   "produce when each endpoint of each node has so many")
        ->group(group);
    app.add_flag("--paused", production.paused, "produce nothing until POST /start on the control port")
        ->group(group);
    app.add_flag("--stamp", production.stamp,
                 "add \"sent_at_ns\" to each event: the time it was sent, since 1970")
        ->group(group);
    app.add_option("--record", production.record, "write each event's payload to this file, one a line")
        ->type_name("FILE")
        ->group(group);
}

void add_fault_options(CLI::App& app, Options& options, Texts& texts) {
    const std::string group = "Trouble";
    app.add_option("--fault", texts.faults, "what goes wrong and when, see below; may be repeated")
        ->type_name("TEXT")
        ->group(group)
        ->allow_extra_args(false);
    app.add_option("--fault-storm", texts.storm,
                   "random faults that lose no event: SEED,MEAN_INTERVAL[,KIND+KIND...]")
        ->group(group);
    app.add_option(
           "--control-port", options.control_port,
           "HTTP: GET /state, GET /chain, POST /faults, DELETE /faults, POST /start[?events=N], POST /stop; "
           "0: any free one")
        ->group(group);
    app.add_flag("--quiet", options.quiet, "log warnings only")->group(group);
}

base::Result<void> read_texts(Options& options, const Texts& texts) {
    for (const auto& text : texts.faults) {
        auto fault = parse_fault(text, options.nodes);
        if (!fault) return fault.error();
        options.faults.push_back(std::move(*fault));
    }
    if (!texts.storm.empty()) {
        auto storm = parse_storm(texts.storm);
        if (!storm) return storm.error();
        options.storm = std::move(*storm);
    }
    if (!texts.kind.empty()) {
        options.kind = base::kind_named(texts.kind);
        if (!options.kind) return base::invalid("--kind " + texts.kind + ": no such kind of event");
    }
    if (texts.tls_certificate.empty() != texts.tls_key.empty()) {
        return base::invalid("--tls-certificate and --tls-key need each other");
    }
    if (!texts.tls_key.empty()) {
        options.tls = {.certificate_file = texts.tls_certificate, .private_key_file = texts.tls_key};
    }
    if (texts.first_height) options.chain.first_height = *texts.first_height;
    if (texts.first_height && options.wall_clock) {
        return base::invalid("--first-height and --wall-clock exclude each other");
    }
    const auto version =
        base::ApiVersion::parse(texts.api_version.empty() ? options.build_version : texts.api_version);
    if (!version && !texts.api_version.empty())
        return base::invalid("--api-version must be MAJOR.MINOR.PATCH");
    options.chain.protocol_version = version ? version->to_string() : "1.0.0";
    return {};
}

base::Result<void> check(Options& options) {
    const auto wraps = [&](std::uint16_t port) { return port != 0 && port + options.nodes - 1 > 65535; };
    if (wraps(options.rest_port)) return base::invalid("--rest-port leaves no room for so many nodes");
    if (wraps(options.sse_port)) return base::invalid("--sse-port leaves no room for so many nodes");
    if (options.chain.block_interval < std::chrono::milliseconds(10)) {
        return base::invalid("--block-interval must be at least 10ms; for more events use --rate");
    }
    if (options.keep_alive < std::chrono::milliseconds(1))
        return base::invalid("--keep-alive must be at least 1ms");
    if (options.chain.step_size > 1'000'000'000) return base::invalid("--step-size must be at most 1GB");
    if (options.payload_size > 1'000'000'000) return base::invalid("--payload-size must be at most 1GB");
    const bool uniform = options.kind || options.payload_size != 0;
    if (uniform && !options.replay.empty()) {
        return base::invalid("--replay and --payload-size or --kind exclude each other");
    }
    if (uniform && options.production.rate <= 0)
        return base::invalid("--payload-size and --kind need --rate");
    if (uniform && !options.kind) options.kind = base::Kind::FinalitySignature;
    if (!options.replay.empty() && options.production.rate <= 0) options.production.rate = 100;
    if (options.production.paused && !options.control_port) {
        return base::invalid("--paused needs --control-port, where production is started");
    }
    options.production.seed = options.chain.seed;
    return {};
}

}  // namespace

std::variant<Options, Exit> parse_command_line(int argc, const char* const* argv,
                                               const std::string& program_version) {
    Options options;
    options.production.max_skew = std::chrono::milliseconds(200);
    Texts texts;
    CLI::App app(
        "casper-node-sim: a simulated Casper network. Its nodes serve /status and the event streams as\n"
        "real ones do; one chain's events reach each of them in another order.\n"
        "TIME is 200ms, 15s, 2m; SIZE is 345, 64KB, 30MB.\n",
        "casper-node-sim");
    app.set_version_flag("--version", "casper-node-sim " + program_version);
    app.footer(std::string(fault_help()) + "\n" + kExamples +
               "\nWhen ready it prints one line of JSON with its ports to standard output. Exit codes: 0 "
               "ended by a\n"
               "signal, 1 cannot run (a port is in use, say), 2 wrong options.");
    add_network_options(app, options, texts);
    add_chain_options(app, options, texts);
    add_production_options(app, options, texts);
    add_fault_options(app, options, texts);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        const bool asked = app.exit(error, out, out) == 0;
        return Exit{asked ? 0 : kBadUsage, out.str()};
    }
    const auto wrong = [](const base::Error& error) { return Exit{kBadUsage, error.message + "\n"}; };
    if (const auto read = read_texts(options, texts); !read) return wrong(read.error());
    if (const auto checked = check(options); !checked) return wrong(checked.error());
    return options;
}

}  // namespace sim
