#include "client/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

namespace client {
namespace {

using testing::HasSubstr;

// Which configuration is taken, from variables and files that only the test knows.
class LoadConfig : public testing::Test {
protected:
    Config load(const std::string& path = "", const std::string& context = "") const {
        return load_config(path, context, reader(variables_), reader(files_));
    }
    std::string refusal(const std::string& path = "") const {
        try {
            load(path);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "accepted";
    }
    static std::string kubeconfig(const std::string& host) {
        return "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: "
               "'https://" +
               host + "'}}]\n";
    }
    void in_a_pod() {
        variables_["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
        variables_["KUBERNETES_SERVICE_PORT"] = "443";
        const std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
        files_[folder + "ca.crt"] = "-----BEGIN CERTIFICATE-----";
        files_[folder + "token"] = "t";
        files_[folder + "namespace"] = "operators\n";
    }

    std::map<std::string, std::string> variables_{{"HOME", "/home/me"}};
    std::map<std::string, std::string> files_;

private:
    using Texts = std::map<std::string, std::string>;
    static std::function<std::optional<std::string>(const std::string&)> reader(const Texts& texts) {
        return [&texts](const std::string& name) -> std::optional<std::string> {
            const auto found = texts.find(name);
            if (found == texts.end()) return std::nullopt;
            return found->second;
        };
    }
};

TEST_F(LoadConfig, TakesTheGivenPathFirst) {
    files_ = {{"/given", kubeconfig("given")}, {"/listed", kubeconfig("listed")}};
    variables_["KUBECONFIG"] = "/listed";
    EXPECT_EQ(load("/given").host, "given");
    EXPECT_EQ(load().host, "listed");
}

TEST_F(LoadConfig, TakesTheListAndPassesOverMissingFiles) {
    files_ = {{"/second", kubeconfig("second")}};
    variables_["KUBECONFIG"] = "/first:/second:";
    EXPECT_EQ(load().host, "second");
}

TEST_F(LoadConfig, TakesThePodsServiceAccount) {
    in_a_pod();
    files_["/home/me/.kube/config"] = kubeconfig("home");
    const Config got = load();
    EXPECT_EQ(got.host, "10.96.0.1");
    EXPECT_EQ(got.port, "443");
    EXPECT_EQ(got.token_file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
    EXPECT_EQ(got.default_namespace, "operators");
    variables_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
    EXPECT_EQ(load().host, "fd00::1");
}

TEST_F(LoadConfig, TakesTheHomeFolderLast) {
    files_["/home/me/.kube/config"] = kubeconfig("home");
    EXPECT_EQ(load().host, "home");
}

TEST_F(LoadConfig, SaysWhatIsMissing) {
    EXPECT_EQ(refusal("/given"), "kubeconfig /given: no such file");
    EXPECT_EQ(refusal(), "kubeconfig /home/me/.kube/config: no such file");
    variables_["KUBECONFIG"] = "/a:/b";
    EXPECT_EQ(refusal(), "kubeconfig /a:/b (KUBECONFIG): no such file");
    variables_.erase("KUBECONFIG");
    in_a_pod();
    files_.erase("/var/run/secrets/kubernetes.io/serviceaccount/token");
    EXPECT_THAT(refusal(), HasSubstr("serviceaccount/token: is missing or empty"));
}

}  // namespace
}  // namespace client
