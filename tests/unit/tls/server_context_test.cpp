#include "tls/server_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sstream>

#include "support/process.h"
#include "unit/tls/session_pair.h"

namespace tls::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ServerContextTest : public ::testing::Test {
  protected:
    std::string load_error(const Options& options) {
        const auto loaded = ServerContext::load(options, log_);
        return loaded ? "none" : loaded.error().message;
    }
    std::string path(const std::string& name) const { return folder_.path() / name; }
    std::string write(const std::string& name, std::string_view text) const {
        support::write_file(path(name), text);
        return path(name);
    }

    support::TemporaryFolder folder_;
    support::CertificateAuthority authority_{folder_.path()};
    support::CertificateFiles good_ = authority_.issue();
    std::ostringstream lines_;
    base::Log log_ =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(lines_));
};

TEST_F(ServerContextTest, NamesTheFileThatCannotBeRead) {
    EXPECT_THAT(load_error({.certificate_file = path("none.pem"), .private_key_file = good_.key}),
                AllOf(HasSubstr("certificate file " + path("none.pem")), HasSubstr("No such file")));
    EXPECT_THAT(load_error({.certificate_file = good_.certificate, .private_key_file = path("none.key")}),
                AllOf(HasSubstr("private key file " + path("none.key")), HasSubstr("No such file")));
    EXPECT_THAT(load_error({.certificate_file = folder_.path(), .private_key_file = good_.key}),
                HasSubstr("Is a directory"));
}

TEST_F(ServerContextTest, NamesTheFileThatHoldsSomethingElse) {
    const auto nonsense = write("nonsense.pem", "nonsense");
    EXPECT_THAT(load_error({.certificate_file = nonsense, .private_key_file = good_.key}),
                AllOf(HasSubstr(nonsense), HasSubstr("holds no certificate in PEM form")));
    EXPECT_THAT(load_error({.certificate_file = good_.certificate, .private_key_file = nonsense}),
                AllOf(HasSubstr(nonsense), HasSubstr("holds no private key in PEM form")));
    EXPECT_THAT(load_error({.certificate_file = good_.key, .private_key_file = good_.key}),
                HasSubstr("holds no certificate in PEM form"));
    auto chain = support::read_file(good_.certificate);
    chain.insert(chain.rfind("-----END") - 30, "!!!");
    EXPECT_THAT(load_error({.certificate_file = write("damaged.pem", chain), .private_key_file = good_.key}),
                HasSubstr("is damaged after its first certificate"));
}

TEST_F(ServerContextTest, AKeyOfAnotherCertificateIsAnErrorThatNamesBoth) {
    const auto other = authority_.issue({.name = "other"});
    EXPECT_THAT(load_error({.certificate_file = good_.certificate, .private_key_file = other.key}),
                AllOf(HasSubstr(other.key), HasSubstr("does not match"), HasSubstr(good_.certificate)));
}

TEST_F(ServerContextTest, AnEncryptedKeyIsAnErrorWithTheRemedy) {
    const auto locked = authority_.issue({.name = "locked", .passphrase = "secret"});
    EXPECT_THAT(load_error(options_of(locked)), AllOf(HasSubstr("is encrypted"), HasSubstr("openssl pkey")));
}

TEST_F(ServerContextTest, ACertificateThatIsNotValidNowIsAWarning) {
    const auto old = authority_.issue({.name = "old", .valid_from = -48h, .valid_until = -24h});
    EXPECT_EQ(load_error(options_of(old)), "none");
    EXPECT_THAT(lines_.str(), AllOf(HasSubstr("warn"), HasSubstr("old.pem expired on")));
    const auto early = authority_.issue({.name = "early", .valid_from = 24h, .valid_until = 48h});
    EXPECT_EQ(load_error(options_of(early)), "none");
    EXPECT_THAT(lines_.str(), HasSubstr("early.pem is valid from"));
}

TEST_F(ServerContextTest, AReloadThatFailsKeepsWhatIsThere) {
    const auto server = ServerContext::load(options_of(good_), log_).value();
    write("sidecar.pem", "nonsense");
    const auto failed = server->reload(options_of(good_));
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().message, HasSubstr("sidecar.pem"));
    const SessionPair pair(server->new_session(), trusting(authority_.file()).new_session("localhost"));
    EXPECT_FALSE(pair.shake_hands());
}

TEST_F(ServerContextTest, ASessionKeepsTheCertificateThatItBeganWith) {
    const auto server = ServerContext::load(options_of(good_), log_).value();
    const auto client = trusting(authority_.file());
    const SessionPair before(server->new_session(), client.new_session("localhost"));
    const auto other = authority_.issue({.name = "other", .hosts = {"DNS:other.example"}});
    ASSERT_TRUE(server->reload(options_of(other)));
    EXPECT_FALSE(before.shake_hands());
    const SessionPair after(server->new_session(), client.new_session("other.example"));
    EXPECT_FALSE(after.shake_hands());
}

}  // namespace
}  // namespace tls::testing
