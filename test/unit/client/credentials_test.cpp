#include "client/credentials.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/client/client_fixture.h"

// How long a token or a plugin's credential is used before a newer one is fetched.
namespace client::test {
namespace {

using namespace std::chrono_literals;

awaitable<std::string> token_of(std::shared_ptr<Credentials> credentials) {
    const IdentityPtr identity = co_await credentials->current();
    co_return identity->token;
}

class CredentialsTest : public ClientTest {
protected:
    CredentialsTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "credentials.XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~CredentialsTest() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
        std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
    }
    std::shared_ptr<Credentials> from_token_file() {
        Config config;
        config.token_file = (folder_ / "token").string();
        return std::make_shared<Credentials>(io_, config, 10s, clock_);
    }
    // A plugin whose token counts its runs, with what else its status says.
    std::shared_ptr<Credentials> from_plugin(const std::string& more) {
        const std::string runs = (folder_ / "runs").string();
        write(
            "plugin",
            "#!/bin/sh\necho x >> " + runs + "\nn=$(wc -l < " + runs + ")\n" +
                R"(echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t$n\")" +
                more + "}}\"\n");
        Config config;
        config.exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                                 .command = (folder_ / "plugin").string(),
                                 .args = {},
                                 .env = {},
                                 .install_hint = "",
                                 .provide_cluster_info = false};
        return std::make_shared<Credentials>(io_, config, 10s, clock_);
    }
    std::string token(const std::shared_ptr<Credentials>& credentials) { return wait(token_of(credentials)); }

    std::filesystem::path folder_;
    base::ManualClock clock_;
};

TEST_F(CredentialsTest, ReadATokenFileAgainAfterAMinute) {
    write("token", "one\n");
    const auto credentials = from_token_file();
    EXPECT_EQ(token(credentials), "one");
    write("token", "two\n");
    clock_.advance(59s);
    EXPECT_EQ(token(credentials), "one");
    clock_.advance(1s);
    EXPECT_EQ(token(credentials), "two");
}

TEST_F(CredentialsTest, NeedATokenInTheFile) {
    write("token", "\n");
    EXPECT_THROW(token(from_token_file()), std::runtime_error);
}

TEST_F(CredentialsTest, RunAPluginOnceForAllWhoWait) {
    const auto credentials = from_plugin("");
    std::vector<std::string> tokens;
    for (int i = 0; i < 3; ++i) {
        boost::asio::co_spawn(io_, token_of(credentials),
                              [&tokens](const std::exception_ptr&, const std::string& token) { tokens.push_back(token); });
    }
    run_until([&] { return tokens.size() == 3; });
    EXPECT_EQ(tokens, (std::vector<std::string>{"t1", "t1", "t1"}));
    clock_.advance(24h);
    EXPECT_EQ(token(credentials), "t1");
}

TEST_F(CredentialsTest, RunAPluginAgainBeforeItsCredentialExpires) {
    const auto credentials = from_plugin(R"(,\"expirationTimestamp\":\")" + base::rfc3339(clock_.wall() + 10min) + R"(\")");
    EXPECT_EQ(token(credentials), "t1");
    clock_.advance(10min - 31s);
    EXPECT_EQ(token(credentials), "t1");
    clock_.advance(1s);
    EXPECT_EQ(token(credentials), "t2");
}

TEST_F(CredentialsTest, RunAPluginAgainWhenItsCredentialIsRefused) {
    const auto credentials = from_plugin("");
    const std::string first = token(credentials);
    credentials->refuse(wait(credentials->current()));
    EXPECT_EQ(token(credentials), "t2");
}

TEST_F(CredentialsTest, EndAPluginWhenClosed) {
    write("plugin", "");
    Config config;
    config.exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                             .command = "sleep",
                             .args = {"60"},
                             .env = {},
                             .install_hint = "",
                             .provide_cluster_info = false};
    const auto credentials = std::make_shared<Credentials>(io_, config, 60s, clock_);
    std::exception_ptr error;
    boost::asio::co_spawn(io_, token_of(credentials),
                          [&error](const std::exception_ptr& caught, const std::string&) { error = caught; });
    io_.restart();
    io_.poll();
    credentials->close();
    run_until([&] { return error != nullptr; });
    EXPECT_THROW(std::rethrow_exception(error), ConnectionError);
}

}  // namespace
}  // namespace client::test
