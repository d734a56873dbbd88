#include "server/nodes_command.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>

#include "server/connection_config.h"
#include "server/status_command.h"
#include "support/process.h"
#include "unit/admin/running_socket.h"
#include "unit/server/config_text.h"

namespace server {
namespace {

using namespace admin_test;
using testing::HasSubstr;
using testing::StartsWith;

/// A command line as main() reads it.
class CommandLine {
  public:
    CommandLine() {
        program_.add_option("--path-to-config", config_file);
        program_.require_subcommand(0, 1);
        command.emplace(program_, sidecar);
        status.emplace(program_, sidecar);
    }

    /// "": it can be understood.
    std::string parse(const std::string& arguments) {
        try {
            program_.parse(arguments, false);
            return {};
        } catch (const CLI::ParseError& error) {
            return error.what();
        }
    }
    CommandOutput run() {
        const auto environment = config_text::environment({});
        return status->chosen() ? status->run(config_file, environment)
                                : command->run(config_file, environment);
    }

  private:
    CLI::App program_{"", "event-sidecar"};

  public:
    std::string config_file;
    const RunningSidecar sidecar{program_};
    std::optional<NodesCommand> command;
    std::optional<StatusCommand> status;
};

std::string request_of(const std::string& arguments) {
    CommandLine line;
    EXPECT_EQ(line.parse(arguments), "") << arguments;
    EXPECT_TRUE(line.command->chosen());
    return line.command->request().dump();
}

std::string fault_of(const std::string& arguments) {
    CommandLine line;
    return line.parse(arguments);
}

TEST(NodesCommand, IsChosenByItsName) {
    CommandLine line;
    EXPECT_EQ(line.parse("--path-to-config x"), "");
    EXPECT_FALSE(line.command->chosen());
    EXPECT_FALSE(line.status->chosen());
    EXPECT_FALSE(line.sidecar.is_named());
}

TEST(NodesCommand, EachSubcommandIsARequest) {
    EXPECT_EQ(request_of("nodes list"), R"({"command":"list"})");
    EXPECT_EQ(request_of("nodes show a"), R"({"command":"show","node":"a"})");
    EXPECT_EQ(request_of("nodes show list"), R"({"command":"show","node":"list"})");
    EXPECT_EQ(request_of("nodes suspend 10.0.0.1:9999"), R"({"command":"suspend","node":"10.0.0.1:9999"})");
    EXPECT_EQ(request_of("nodes resume a"), R"({"command":"resume","node":"a"})");
    EXPECT_EQ(request_of("nodes remove a"), R"({"command":"remove","node":"a"})");
    EXPECT_EQ(request_of("nodes history a"), R"({"command":"history","node":"a","limit":20})");
    EXPECT_EQ(request_of("nodes history --limit 7 a"), R"({"command":"history","node":"a","limit":7})");
}

TEST(NodesCommand, OptionsStandBeforeAndAfterTheWords) {
    for (const auto* arguments : {"--path-to-config f --control-socket s nodes show a --json",
                                  "nodes --path-to-config f --json show a --control-socket s",
                                  "nodes show --control-socket s --json a --path-to-config f"}) {
        CommandLine line;
        EXPECT_EQ(line.parse(arguments), "") << arguments;
        EXPECT_EQ(line.config_file, "f");
        EXPECT_TRUE(line.sidecar.is_named());
        EXPECT_EQ(line.command->request().dump(), R"({"command":"show","node":"a"})");
    }
}

TEST(NodesCommand, WhatIsMissingOrTooMuchIsAnError) {
    EXPECT_NE(fault_of("nodes"), "");
    EXPECT_NE(fault_of("nodes reboot"), "");
    EXPECT_NE(fault_of("nodes show"), "");
    EXPECT_NE(fault_of("nodes show a b"), "");
    EXPECT_NE(fault_of("nodes history a --limit 0"), "");
    EXPECT_NE(fault_of("nodes history a --limit 201"), "");
    EXPECT_THAT(fault_of("nodes add --ip-address a --sse-port 1"), HasSubstr("--rest-port"));
    EXPECT_NE(fault_of("nodes add --ip-address a --sse-port x --rest-port 2"), "");
    for (const auto* setting : {"x", "=1", "x=", "x.y=1", "'x y=1'"}) {
        EXPECT_THAT(
            fault_of("nodes add --ip-address a --sse-port 1 --rest-port 2 --set " + std::string(setting)),
            HasSubstr("expected KEY=VALUE"))
            << setting;
    }
}

TEST(NodesCommand, ANodeToAddIsWrittenAsInAFile) {
    CommandLine line;
    ASSERT_EQ(
        line.parse("nodes add --name 'a \"b\" \\c' --ip-address 10.0.0.1 --sse-port 9999 --rest-port 8888 "
                   "--set max_attempts=5 --set 'retry_strategy=\"exponential\"'"),
        "");
    const auto text = line.command->request()["configuration"].get<std::string>();
    const auto node = parse_connection(text);
    ASSERT_TRUE(node) << node.error().message << text;
    EXPECT_EQ(node->options.name, "a \"b\" \\c");
    EXPECT_EQ(node->options.ip_address, "10.0.0.1");
    EXPECT_EQ(node->options.sse_port, 9999);
    EXPECT_EQ(node->options.rest_port, 8888);
    EXPECT_EQ(node->options.max_attempts, 5U);
    EXPECT_EQ(node->options.retry_strategy, upstream::NodeOptions::RetryStrategy::Exponential);
}

TEST(NodesCommand, TheSocketIsLookedForWhereTheConfigurationSays) {
    const support::TemporaryFolder folder;
    const auto file = folder.path() / "sidecar.toml";
    const auto error_of = [](const std::string& arguments) {
        CommandLine line;
        EXPECT_EQ(line.parse(arguments), "");
        const auto output = line.run();
        EXPECT_EQ(output.exit_code, 1);
        EXPECT_EQ(output.out, "");
        EXPECT_THAT(output.err, StartsWith("event-sidecar: "));
        EXPECT_EQ(std::count(output.err.begin(), output.err.end(), '\n'), 1) << output.err;
        return output.err;
    };
    EXPECT_THAT(error_of("nodes list"), HasSubstr("--path-to-config FILE, or its --control-socket PATH"));
    EXPECT_THAT(error_of("nodes list --path-to-config " + file.string()), HasSubstr("cannot be read"));

    support::write_file(file, config_text::kMinimal);
    EXPECT_THAT(error_of("nodes list --path-to-config " + file.string()),
                HasSubstr("nothing listens on ./target/storage/control.sock: "));
    EXPECT_THAT(error_of("nodes list --control-socket /nowhere/x --path-to-config " + file.string()),
                HasSubstr("nothing listens on /nowhere/x: "));
    support::write_file(file, "x = 1\ny = 2\nz = 3\n" + config_text::kMinimal);
    EXPECT_THAT(error_of("nodes list --path-to-config " + file.string()),
                HasSubstr("(and 2 more); correct the file, or give --control-socket PATH"));
}

class NodesCommandRun : public testing::Test {
  protected:
    CommandOutput run(const std::string& arguments) {
        CommandLine line;
        EXPECT_EQ(line.parse("nodes --control-socket " + path_.string() + " " + arguments), "");
        return line.run();
    }
    std::string out(const std::string& arguments) {
        const auto output = run(arguments);
        EXPECT_EQ(output.exit_code, 0);
        EXPECT_EQ(output.err, "");
        return output.out;
    }

    support::TemporaryFolder folder_;
    const std::filesystem::path path_ = folder_.path() / "control.sock";
    FakeSteering steering_{{report_of("a"), report_of("b", upstream::NodeState::Suspended)}};
    FakeNodeStore store_;
    RunningSocket socket_{{.path = path_}, steering_, store_, parse_connection};
};

TEST_F(NodesCommandRun, PrintsWhatIsAskedFor) {
    EXPECT_THAT(
        out("list"),
        HasSubstr("\na     running    1970-01-01T00:00:00Z  -       0       -        -           0\n"));
    EXPECT_THAT(out("show b"),
                StartsWith("name: b\naddress: 10.0.0.1:9999\nrest_port: 8888\nstate: suspended\n"));
    storage::NodeObservation observation;
    observation.node = "a";
    observation.to = "running";
    store_.note(observation);
    EXPECT_THAT(out("history a"),
                HasSubstr("\n1970-01-01T00:00:00Z  -     running  -      0        -       -\n"));
}

TEST_F(NodesCommandRun, TheStatusIsAnExitCode) {
    const auto status = [&](const std::string& options) {
        CommandLine line;
        EXPECT_EQ(line.parse("status --control-socket " + path_.string() + options), "");
        return line.run();
    };
    EXPECT_EQ(status("").out, "ready\n");
    EXPECT_EQ(status("").exit_code, 0);
    socket_.set_storage_problems({"events cannot be stored"});
    EXPECT_EQ(status("").out, "not ready\n  events cannot be stored\n");
    EXPECT_EQ(status("").exit_code, 1);
    EXPECT_EQ(status(" --json").out, R"({"ok":true,"ready":false,"reasons":["events cannot be stored"]})"
                                     "\n");
    EXPECT_EQ(status(" --json").exit_code, 1);
}

TEST_F(NodesCommandRun, PrintsTheStateAfterAChange) {
    EXPECT_EQ(out("suspend a"), "node a: suspended\n");
    EXPECT_EQ(out("resume a"), "node a: initializing\n");
    EXPECT_EQ(out("remove a"), "node a: deleting\n");
    EXPECT_EQ(out("add --name c --ip-address 10.0.0.3 --sse-port 1 --rest-port 2 --set use_tls=false"),
              "node c: initializing\n");
    ASSERT_EQ(steering_.added().size(), 1U);
    EXPECT_EQ(steering_.added().front().options.ip_address, "10.0.0.3");
}

TEST_F(NodesCommandRun, PrintsTheAnswerItselfAsJson) {
    EXPECT_THAT(out("list --json"), StartsWith(R"({"ok":true,"nodes":[{"name":"a",)"));
    EXPECT_THAT(out("--json suspend a"), StartsWith(R"({"ok":true,"node":{"name":"a",)"));
}

TEST_F(NodesCommandRun, ARefusalIsALineOnStandardError) {
    const auto unknown = run("show c");
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_EQ(unknown.out, "");
    EXPECT_EQ(unknown.err, "event-sidecar: no node is named \"c\"; the nodes are \"a\", \"b\"\n");
    const auto wrong = run("add --ip-address http://a --sse-port 0 --rest-port 2");
    EXPECT_EQ(wrong.exit_code, 1);
    EXPECT_EQ(wrong.err,
              "event-sidecar: ip_address: is \"http://a\"; expected an IP address or a host name\n"
              "event-sidecar: sse_port: is 0; expected a port, 1 to 65535\n");
}

}  // namespace
}  // namespace server
