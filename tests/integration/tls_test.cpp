// TLS: as clients see the sidecar, and as the sidecar sees its nodes.

#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/followers.h"
#include "integration/nodes_command.h"
#include "integration/support_check.h"
#include "support/certificates.h"
#include "support/programs.h"

namespace integration {
namespace {

using support::CertificateAuthority;
using support::Process;
using support::Sidecar;
using support::SimulatedNetwork;
using support::TemporaryFolder;
using ::testing::HasSubstr;

std::vector<std::string> over_tls(std::vector<std::string> arguments,
                                  const support::CertificateFiles& files) {
    arguments.insert(arguments.end(), {"--tls-certificate", files.certificate, "--tls-key", files.key});
    return arguments;
}

/// For a sidecar that trusts this authority only.
std::map<std::string, std::string> trusting(const CertificateAuthority& authority) {
    return {{"SSL_CERT_FILE", authority.file()}, {"SSL_CERT_DIR", "/nonexistent"}};
}

class Tls : public testing::Test {
  protected:
    /// A sidecar served over TLS that reads one node in plain.
    Sidecar make_sidecar() {
        return {folder_.path(),
                {.nodes = network_.nodes(), .tls = certificate_, .authority = authority_.file()}};
    }
    /// What a program printed at its end.
    std::string run(std::vector<std::string> command) {
        const auto output = folder_.path() / "run.log";
        std::filesystem::remove(output);
        Process process(std::move(command), output);
        EXPECT_TRUE(process.wait()) << "it does not end";
        return process.output();
    }
    /// The last error of the sidecar's one node, once it has one.
    std::string refusal_of_node(const SimulatedNetwork& network, Sidecar& sidecar) {
        const auto name = name_of(network.nodes().front());
        std::string error;
        const auto has_error = [&] {
            error = show(folder_, sidecar, name).value("last_error", std::string());
            return !error.empty();
        };
        return support::eventually(has_error) ? error : "no error: " + sidecar.log();
    }

    TemporaryFolder folder_;
    CertificateAuthority authority_{folder_.path()};
    support::CertificateFiles certificate_ = authority_.issue();
    SimulatedNetwork network_{folder_.path(), {"--nodes", "1", "--rate", "200"}};
};

TEST_F(Tls, CurlReadsTheStreamsAndQueries) {
    Sidecar sidecar = make_sidecar();
    sidecar.start();
    const auto output = folder_.path() / "curl.log";
    const auto url = fmt::format("https://localhost:{}/events/main?start_from=1", sidecar.port());
    Process curl({"/usr/bin/curl", "-sSN", "--cacert", authority_.file(), url}, output);
    EXPECT_TRUE(curl.wait_for_output("\nid:")) << curl.output();
    const auto query = fmt::format("https://localhost:{}/api-doc.json", sidecar.rest_port());
    EXPECT_THAT(run({"/usr/bin/curl", "-sS", "--cacert", authority_.file(), query}),
                HasSubstr("\"openapi\""));
    const auto in_plain = fmt::format("http://localhost:{}/events/main", sidecar.port());
    EXPECT_THAT(run({"/usr/bin/curl", "-sS", in_plain}), HasSubstr("curl: (")) << "TLS only";
    EXPECT_EQ(sidecar.stop(), 0);
    EXPECT_EQ(curl.wait(), 0) << "the stream ended properly";
}

TEST_F(Tls, AnOlderVersionIsRefused) {
    Sidecar sidecar = make_sidecar();
    sidecar.start();
    const auto connect = [&](const std::string& version) {
        return run({"/usr/bin/openssl", "s_client", "-connect", fmt::format("127.0.0.1:{}", sidecar.port()),
                    "-cipher", "DEFAULT@SECLEVEL=0", version});
    };
    EXPECT_THAT(connect("-tls1_1"), HasSubstr("alert protocol version"));
    const auto before = support::read_file(sidecar.config_file());
    support::write_file(sidecar.config_file(), before + "min_version = \"1.3\"\n");
    sidecar.process().signal(SIGHUP);
    ASSERT_TRUE(sidecar.process().wait_for_output("SIGHUP"));
    EXPECT_TRUE(support::eventually(
        [&] { return connect("-tls1_2").find("alert protocol version") != std::string::npos; }));
}

TEST_F(Tls, SighupChangesTheCertificateUnderOpenStreams) {
    Sidecar sidecar = make_sidecar();
    sidecar.start();
    auto open = sidecar.connect();
    open.send("GET /events/main HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(open.read_until_contains("\nid:"));
    EXPECT_EQ(open.certificate_name(), "sidecar");

    const auto renewed = authority_.issue({.name = "renewed"});
    std::filesystem::copy_file(renewed.certificate, certificate_.certificate,
                               std::filesystem::copy_options::overwrite_existing);
    sidecar.process().signal(SIGHUP);
    ASSERT_TRUE(sidecar.process().wait_for_output("does not match"));
    EXPECT_THAT(sidecar.log(), HasSubstr("the certificate stays as it is"));
    EXPECT_THAT(sidecar.log(), HasSubstr(certificate_.key.string())) << "the file is named";
    EXPECT_EQ(sidecar.connect().certificate_name(), "sidecar");

    std::filesystem::copy_file(renewed.key, certificate_.key,
                               std::filesystem::copy_options::overwrite_existing);
    sidecar.process().signal(SIGHUP);
    EXPECT_TRUE(support::eventually([&] { return sidecar.connect().certificate_name() == "renewed"; }));
    open.forget_received();
    EXPECT_TRUE(open.read_until_contains("\nid:")) << "the stream goes on";
    EXPECT_EQ(sidecar.stop(), 0);
    EXPECT_TRUE(open.read_to_end());
    EXPECT_TRUE(open.ended_properly());
}

TEST_F(Tls, ACertificateThatCannotBeUsedIsOneClearLineAtStart) {
    std::filesystem::remove(certificate_.key);
    Sidecar sidecar = make_sidecar();
    sidecar.launch();
    EXPECT_EQ(sidecar.process().wait(), 1);
    EXPECT_THAT(sidecar.log(), HasSubstr("TLS: the private key file " + certificate_.key.string() +
                                         " cannot be read: No such file or directory"));
}

TEST_F(Tls, EveryEventOfANodeOverHttpsComesOnce) {
    const TemporaryFolder other;
    const auto record = other.path() / "record.jsonl";
    SimulatedNetwork network(
        other.path(), over_tls({"--nodes", "2", "--rate", "500", "--events", "1500", "--step-size", "3MB",
                                "--blocks-per-era", "2", "--wait-for-subscribers", "1", "--record", record},
                               certificate_));
    Sidecar sidecar(
        other.path(),
        {.nodes = network.nodes(), .connection_keys = "use_tls = true", .environment = trusting(authority_)});
    sidecar.start();
    const NodeFollowers followers(sidecar.port());
    EXPECT_TRUE(support::eventually([&] { return followers.count() == 1500; })) << sidecar.log();
    expect_complete(followers.together(), lines_of(support::read_file(record)));
    EXPECT_EQ(sidecar.stop(), 0);
}

TEST_F(Tls, ANodeWhoseCertificateIsNotAcceptedIsAFailedAttemptThatSaysWhy) {
    const TemporaryFolder other;
    SimulatedNetwork network(other.path(), over_tls({"--nodes", "1", "--rate", "100"}, certificate_));
    const CertificateAuthority stranger(other.path(), "stranger");
    Sidecar sidecar(
        other.path(),
        {.nodes = network.nodes(), .connection_keys = "use_tls = true", .environment = trusting(stranger)});
    sidecar.start();
    EXPECT_THAT(refusal_of_node(network, sidecar),
                HasSubstr("its certificate is not accepted: self-signed certificate in certificate chain"));
    EXPECT_TRUE(sidecar.process().wait_for_output("attempt 2 of")) << "it is tried again";

    std::filesystem::copy_file(authority_.file(), stranger.file(),
                               std::filesystem::copy_options::overwrite_existing);
    sidecar.process().signal(SIGHUP);
    EXPECT_TRUE(reaches(folder_, sidecar, name_of(network.nodes().front()), "running"))
        << "the trusted certificates are read again";
    EXPECT_EQ(sidecar.stop(), 0);
}

TEST_F(Tls, ANodeWhoseCertificateIsForAnotherHostIsRefused) {
    const TemporaryFolder other;
    const auto files = authority_.issue({.name = "other", .hosts = {"DNS:other.example"}});
    SimulatedNetwork network(other.path(), over_tls({"--nodes", "1", "--rate", "100"}, files));
    Sidecar sidecar(
        other.path(),
        {.nodes = network.nodes(), .connection_keys = "use_tls = true", .environment = trusting(authority_)});
    sidecar.start();
    EXPECT_THAT(refusal_of_node(network, sidecar), HasSubstr("not accepted: IP address mismatch"));
}

TEST_F(Tls, ANodeThatDoesNotSpeakTlsIsTold) {
    Sidecar sidecar(folder_.path(), {.nodes = network_.nodes(), .connection_keys = "use_tls = true"});
    sidecar.start();
    EXPECT_THAT(refusal_of_node(network_, sidecar), HasSubstr("the port does not speak TLS"));
}

}  // namespace
}  // namespace integration
