#include "client/exec_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace client {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A plugin that is a shell script in a folder of its own.
class ExecPlugins : public testing::Test {
protected:
    ExecPlugins() {
        std::string pattern = (std::filesystem::temp_directory_path() / "plugin.XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~ExecPlugins() override { std::filesystem::remove_all(folder_); }

    ExecPlugin plugin(const std::string& script) const {
        const std::filesystem::path path = folder_ / "plugin";
        std::ofstream(path) << "#!/bin/sh\n" << script;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return {.api_version = "client.authentication.k8s.io/v1",
                .command = path.string(),
                .args = {},
                .env = {},
                .install_hint = "",
                .provide_cluster_info = false};
    }
    std::string failure(const ExecPlugin& plugin, std::chrono::milliseconds limit = 10s, const std::stop_token& stop = {}) const {
        try {
            run_exec_plugin(plugin, "{}", limit, stop);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "succeeded";
    }

    std::filesystem::path folder_;
};

TEST_F(ExecPlugins, GetArgumentsAndVariablesAndNothingToRead) {
    ExecPlugin echo = plugin("printf '%s|%s|%s|' \"$1\" \"$COLOUR\" \"$KUBERNETES_EXEC_INFO\"; cat\n");
    echo.args = {"a b; $(x)"};
    echo.env = {{"COLOUR", "green"}};
    EXPECT_EQ(run_exec_plugin(echo, "{info}", 10s, {}), "a b; $(x)|green|{info}|");
}

TEST_F(ExecPlugins, GetNoneOfOurOpenFiles) {
    const int fd = ::dup(1);
    EXPECT_EQ(
        run_exec_plugin(plugin("[ -e /proc/self/fd/" + std::to_string(fd) + " ] && echo leaked || echo closed\n"), "", 10s, {}),
        "closed\n");
    ::close(fd);
}

TEST_F(ExecPlugins, FailWithTheirExitCode) {
    EXPECT_THAT(failure(plugin("echo geheim; exit 3\n")), AllOf(HasSubstr("exit code 3"), Not(HasSubstr("geheim"))));
    EXPECT_THAT(failure(plugin("kill -9 $$\n")), HasSubstr("killed by a signal"));
}

TEST_F(ExecPlugins, FailWhereTheyAreMissingAndSayHowToGetThem) {
    ExecPlugin missing = plugin("");
    missing.command = "/nowhere/login";
    missing.install_hint = "brew install login";
    EXPECT_THAT(failure(missing), AllOf(HasSubstr("/nowhere/login: No such file"), HasSubstr("(brew install login)")));
}

TEST_F(ExecPlugins, AreKilledWithTheirChildrenWhenTheyTakeTooLong) {
    EXPECT_THAT(failure(plugin("sleep 60 & sleep 60\n"), 100ms), HasSubstr("no answer within 100 ms"));
}

TEST_F(ExecPlugins, AreKilledWhenAStopIsAskedFor) {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(failure(plugin("sleep 60\n"), 10s, stop.get_token()), HasSubstr("stopped"));
}

TEST_F(ExecPlugins, MayNotPrintForEver) {
    EXPECT_THAT(failure(plugin("exec yes\n")), HasSubstr("more than 1 MiB"));
}

TEST(ExecInfo, TellsOfTheClusterWhereAsked) {
    Config config;
    config.host = "::1";
    config.port = "6443";
    config.ca_pem = "pem";
    config.exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                             .command = "x",
                             .args = {},
                             .env = {},
                             .install_hint = "",
                             .provide_cluster_info = false};
    EXPECT_EQ(nlohmann::json::parse(exec_info(config))["spec"], nlohmann::json({{"interactive", false}}));
    config.exec->provide_cluster_info = true;
    const nlohmann::json info = nlohmann::json::parse(exec_info(config));
    EXPECT_EQ(info["spec"]["cluster"]["server"], "https://[::1]:6443");
    EXPECT_EQ(info["spec"]["cluster"]["certificate-authority-data"], "cGVt");
    EXPECT_EQ(info["kind"], "ExecCredential");
}

constexpr const char* kV1 = "client.authentication.k8s.io/v1";

std::string credential(const std::string& status, const std::string& version = kV1) {
    return R"({"kind":"ExecCredential","apiVersion":")" + version + R"(","status":)" + status + "}";
}

TEST(ExecCredentials, CarryATokenAndWhenItExpires) {
    const ExecCredential got =
        parse_exec_credential(credential(R"({"token":"t","expirationTimestamp":"2026-01-02T03:04:05Z"})"), kV1);
    EXPECT_EQ(got.token, "t");
    EXPECT_EQ(base::rfc3339(got.expires.value()), "2026-01-02T03:04:05Z");
}

TEST(ExecCredentials, CarryACertificate) {
    const ExecCredential got = parse_exec_credential(credential(R"({"clientCertificateData":"c","clientKeyData":"k"})"), kV1);
    EXPECT_EQ(got.client_cert_pem, "c");
    EXPECT_EQ(got.client_key_pem, "k");
    EXPECT_FALSE(got.expires);
}

TEST(ExecCredentials, AreRefusedWhereTheyAreNone) {
    for (const std::string& text :
         {std::string("geheim"), std::string("[]"), credential("{}"),
          credential(R"({"token":"t"})", "client.authentication.k8s.io/v1beta1"), credential(R"({"clientCertificateData":"c"})"),
          credential(R"({"token":"t","expirationTimestamp":"soon"})"),
          std::string(R"({"kind":"Secret","status":{"token":"t"}})")}) {
        try {
            parse_exec_credential(text, kV1);
            ADD_FAILURE() << text;
        } catch (const std::runtime_error& error) {
            EXPECT_THAT(error.what(), Not(HasSubstr("geheim")));
        }
    }
}

}  // namespace
}  // namespace client
