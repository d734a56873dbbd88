#include "admin/socket_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>

#include "admin/control_client.h"
#include "admin/local_address.h"
#include "support/process.h"
#include "unit/admin/local_client.h"
#include "unit/admin/running_socket.h"

namespace admin {
namespace {

namespace fs = std::filesystem;
using admin_test::LocalClient;
using boost::asio::local::stream_protocol;
using testing::HasSubstr;
using testing::StartsWith;

class SocketFileTest : public testing::Test {
  protected:
    base::Result<Listener> listen(const fs::path& path) { return listen_on(context_, path); }

    /// What a process that was killed leaves behind.
    void leave_stale(const fs::path& path) {
        const auto address = LocalAddress::of(path).value();
        const stream_protocol::acceptor killed(context_, address.endpoint());
        ASSERT_TRUE(fs::is_socket(path));
    }

    std::string error_at(const fs::path& path) {
        const auto listener = listen(path);
        EXPECT_FALSE(listener);
        if (listener) return {};
        EXPECT_THAT(listener.error().message, StartsWith("control_socket " + path.string() + ": "));
        EXPECT_THAT(listener.error().message, HasSubstr("set another control_socket"));
        return listener.error().message;
    }

    boost::asio::io_context context_{1};
    support::TemporaryFolder folder_;
    const fs::path path_ = folder_.path() / "control.sock";
    /// Longer than the 107 bytes of a socket's address.
    const fs::path long_path_ = folder_.path() / std::string(120, 'd') / "control.sock";
};

TEST_F(SocketFileTest, OnlyTheOwnerCanConnect) {
    const auto before = ::umask(0);
    const auto listener = listen(path_);
    ::umask(before);
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SocketFileTest, IsRemovedAtTheEnd) {
    {
        const auto listener = listen(path_);
        ASSERT_TRUE(listener);
        EXPECT_TRUE(fs::is_socket(path_));
    }
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SocketFileTest, AnothersFileIsNotRemovedAtTheEnd) {
    {
        const auto listener = listen(path_);
        ASSERT_TRUE(listener);
        fs::rename(path_, folder_.path() / "moved");
        support::write_file(path_, "another's");
    }
    EXPECT_EQ(support::read_file(path_), "another's");
}

TEST_F(SocketFileTest, AStaleFileIsReplaced) {
    leave_stale(path_);
    const auto listener = listen(path_);
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_NO_THROW(LocalClient{path_});
}

TEST_F(SocketFileTest, ASocketInUseIsAnErrorAndStays) {
    const auto listener = listen(path_);
    ASSERT_TRUE(listener);
    EXPECT_THAT(error_at(path_), HasSubstr("in use, another process listens there"));
    EXPECT_NO_THROW(LocalClient{path_});
}

TEST_F(SocketFileTest, AFileThatIsNoSocketIsAnErrorAndStays) {
    support::write_file(path_, "text");
    EXPECT_THAT(error_at(path_), HasSubstr("no socket; remove it"));
    EXPECT_EQ(support::read_file(path_), "text");
}

TEST_F(SocketFileTest, AFolderThatIsMissingIsAnError) {
    EXPECT_THAT(error_at(folder_.path() / "missing" / "control.sock"),
                HasSubstr("the folder does not exist"));
    EXPECT_THAT(error_at(long_path_), HasSubstr("cannot open the folder"));
    EXPECT_THAT(error_at(folder_.path() / std::string(120, 'n')), HasSubstr("too long for a socket"));
}

TEST_F(SocketFileTest, APathMayBeOfAnyLength) {
    fs::create_directory(long_path_.parent_path());
    leave_stale(long_path_);
    admin_test::FakeSteering steering({admin_test::report_of("a")});
    const admin_test::FakeNodeStore store;
    {
        ControlSocketOptions options;
        options.path = long_path_;
        const admin_test::RunningSocket running(options, steering, store);
        EXPECT_THAT(error_at(long_path_), HasSubstr("in use"));
        const auto answer = ask(long_path_, {{"command", "show"}, {"node", "a"}});
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ((*answer)["node"]["name"], "a");
    }
    EXPECT_FALSE(fs::exists(long_path_));
}

}  // namespace
}  // namespace admin
