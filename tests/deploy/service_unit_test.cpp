// The unit of systemd and the packaged configuration.

#include <gtest/gtest.h>
#include <regex>

#include "support/paths.h"
#include "support/process.h"
#include "support/programs.h"
#include "support/run_program.h"

namespace deploy {
namespace {

/// As `systemd-analyze security` counts, from 0 to 10 times ten. What is left: it must reach the network,
/// reads its configuration, and has a user and a state directory of its own.
constexpr int kMostExposure = 12;

/// The unit with the program that was built in the place of the installed one, which need not be there.
std::filesystem::path unit_in(const support::TemporaryFolder& folder) {
    auto text =
        support::read_file(support::project_folder() / "deploy" / "systemd" / "event-sidecar.service");
    text = std::regex_replace(text, std::regex("/usr/bin/event-sidecar"), support::sidecar_program());
    const auto file = folder.path() / "event-sidecar.service";
    support::write_file(file, text);
    return file;
}

TEST(ServiceUnit, IsValid) {
    const support::TemporaryFolder folder;
    const auto verified = support::run_program({"systemd-analyze", "verify", "--man=no", unit_in(folder)});
    EXPECT_EQ(verified.exit_code, 0);
    EXPECT_EQ(verified.output, "");
}

TEST(ServiceUnit, MayDoLittleBeyondItsWork) {
    const support::TemporaryFolder folder;
    const auto judged =
        support::run_program({"systemd-analyze", "security", "--offline=yes", "--no-pager",
                              "--threshold=" + std::to_string(kMostExposure), unit_in(folder)});
    EXPECT_EQ(judged.exit_code, 0) << judged.output;
    EXPECT_NE(judged.output.find("Overall exposure level"), std::string::npos) << judged.output;
}

TEST(ServiceUnit, ThePackagedConfigurationIsSoundAndKeepsTheServiceUp) {
    const auto file = support::project_folder() / "deploy" / "debian" / "config.toml";
    const support::TemporaryFolder folder;
    const auto output = folder.path() / "output";
    EXPECT_EQ(support::run_sidecar({"--path-to-config", file, "--check-config"}, output), 0)
        << support::read_file(output);
    const auto text = support::read_file(file);
    EXPECT_NE(text.find("\nexit_when_nodes_unavailable = false\n"), std::string::npos);
    EXPECT_NE(text.find("\n[admin_server]\n"), std::string::npos) << "the alerts need it";
}

}  // namespace
}  // namespace deploy
