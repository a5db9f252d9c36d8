#include "client/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

namespace client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
constexpr const char* kPemBase64 = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";

// Files that a kubeconfig names, without a file system.
class Kubeconfig : public testing::Test {
protected:
    Config config(const std::string& user, const std::string& cluster = "server: 'https://api:6443'") const {
        return load({{"/etc/kube/config", document(user, cluster)}});
    }
    Config load(const std::vector<KubeconfigFile>& texts, const std::string& context = "") const {
        const auto read = [this](const std::string& path) -> std::optional<std::string> {
            const auto found = files_.find(path);
            if (found == files_.end()) return std::nullopt;
            return found->second;
        };
        return config_from(texts, context, read);
    }
    std::string refusal(const std::string& user, const std::string& cluster = "server: 'https://api:6443'") const {
        return refusal_of({{"/etc/kube/config", document(user, cluster)}});
    }
    std::string refusal_of(const std::vector<KubeconfigFile>& texts, const std::string& context = "") const {
        try {
            load(texts, context);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "accepted";
    }
    static std::string document(const std::string& user, const std::string& cluster) {
        return "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
               "contexts: [{name: a, context: {cluster: c, user: u, namespace: shop}}]\n"
               "clusters: [{name: c, cluster: {" +
               cluster +
               "}}]\n"
               "users: [{name: u, user: {" +
               user + "}}]\n";
    }

    std::map<std::string, std::string> files_;
};

TEST_F(Kubeconfig, NamesServerAndNamespace) {
    const Config got = config("token: t", "server: 'https://[::1]:6443/base/', tls-server-name: kubernetes");
    EXPECT_EQ(got.host, "::1");
    EXPECT_EQ(got.port, "6443");
    EXPECT_EQ(got.base_path, "/base");
    EXPECT_EQ(got.tls_server_name, "kubernetes");
    EXPECT_EQ(got.default_namespace, "shop");
    EXPECT_EQ(got.token, "t");
}

TEST_F(Kubeconfig, CarriesCertificatesAsData) {
    const std::string data = kPemBase64;
    const Config got = config("client-certificate-data: " + data + ", client-key-data: " + data,
                              "server: 'https://api', certificate-authority-data: " + data);
    EXPECT_EQ(got.client_cert_pem, kPem);
    EXPECT_EQ(got.client_key_pem, kPem);
    EXPECT_EQ(got.ca_pem, kPem);
}

TEST_F(Kubeconfig, NamesFilesRelativeToItsFolder) {
    files_ = {{"/etc/kube/pki/me.crt", kPem}, {"/etc/kube/pki/me.key", kPem}, {"/ca.crt", kPem}, {"/etc/kube/token", "t"}};
    const Config got = config("client-certificate: pki/me.crt, client-key: pki/me.key, tokenFile: token",
                              "server: 'https://api', certificate-authority: /ca.crt");
    EXPECT_EQ(got.client_cert_pem, kPem);
    EXPECT_EQ(got.ca_pem, kPem);
    EXPECT_EQ(got.token_file, "/etc/kube/token");
}

TEST_F(Kubeconfig, NamesAPlugin) {
    const Config got = config(
        "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./bin/login, args: [get, '--x'], "
        "env: [{name: A, value: b}], installHint: get it, provideClusterInfo: true, interactiveMode: IfAvailable}");
    ASSERT_TRUE(got.exec);
    EXPECT_EQ(got.exec->command, "/etc/kube/./bin/login");
    EXPECT_EQ(got.exec->args, (std::vector<std::string>{"get", "--x"}));
    EXPECT_EQ(got.exec->env, (std::map<std::string, std::string>{{"A", "b"}}));
    EXPECT_TRUE(got.exec->provide_cluster_info);
    EXPECT_EQ(config("exec: {apiVersion: client.authentication.k8s.io/v1, command: login}").exec->command, "login");
}

TEST_F(Kubeconfig, MayHaveNoUser) {
    const Config got = load({{"f",
                              "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: "
                              "{server: 'http://127.0.0.1:8001'}}]\n"}});
    EXPECT_FALSE(got.tls);
    EXPECT_EQ(got.default_namespace, "default");
}

TEST_F(Kubeconfig, IsMergedSoThatTheFirstEntryWins) {
    const std::string first =
        "contexts: [{name: b, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://one'}}]\n";
    const std::string second = document("token: t", "server: 'https://two'");
    EXPECT_EQ(load({{"f1", first}, {"f2", second}}).host, "one");
    EXPECT_EQ(load({{"f2", second}, {"f1", first}}).host, "two");
    EXPECT_EQ(load({{"f1", first}, {"f2", second}}, "b").token, "t");
    EXPECT_EQ(load({{"empty", ""}, {"f2", second}}).host, "two");
}

TEST_F(Kubeconfig, RefusesWhatIsUnsafeOrUnknownAndNamesFileAndField) {
    EXPECT_THAT(refusal("token: t", "server: 'https://api', insecure-skip-tls-verify: true"),
                HasSubstr("kubeconfig /etc/kube/config: clusters[name=c].cluster.insecure-skip-tls-verify: "));
    EXPECT_THAT(refusal("token: t", "server: 'https://api', proxy-url: 'http://p'"),
                HasSubstr("clusters[name=c].cluster.proxy-url: "));
    EXPECT_THAT(refusal("token: t", "server: 'http://api'"), HasSubstr("clusters[name=c].cluster.server: http:// is allowed"));
    EXPECT_THAT(refusal("token: t", "server: ''"), HasSubstr("clusters[name=c].cluster.server: is missing"));
    EXPECT_THAT(refusal("username: me, password: geheim"),
                AllOf(HasSubstr("users[name=u].user.username: "), Not(HasSubstr("geheim"))));
    EXPECT_THAT(refusal("auth-provider: {name: gcp}"), HasSubstr("users[name=u].user.auth-provider: "));
    EXPECT_THAT(refusal("token: t, as: admin"), HasSubstr("users[name=u].user.as: "));
    EXPECT_THAT(refusal("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}"),
                HasSubstr("users[name=u].user.exec.apiVersion: "));
    EXPECT_THAT(refusal("exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}"),
                HasSubstr("users[name=u].user.exec.interactiveMode: "));
    EXPECT_THAT(refusal("exec: {apiVersion: client.authentication.k8s.io/v1}"),
                HasSubstr("users[name=u].user.exec.command: is missing"));
}

TEST_F(Kubeconfig, RefusesHalfACertificate) {
    EXPECT_THAT(refusal(std::string("client-certificate-data: ") + kPemBase64),
                HasSubstr("users[name=u].user.client-key: is missing"));
    EXPECT_THAT(refusal(std::string("client-key-data: ") + kPemBase64),
                HasSubstr("users[name=u].user.client-certificate: is missing"));
}

TEST_F(Kubeconfig, RefusesValuesOfTheWrongKindWithoutShowingThem) {
    EXPECT_THAT(refusal("client-certificate-data: '!geheim!', client-key-data: ''"),
                AllOf(HasSubstr("users[name=u].user.client-certificate-data: is no base64"), Not(HasSubstr("geheim"))));
    EXPECT_THAT(refusal("client-certificate-data: Z2VoZWlt, client-key-data: ''"),
                HasSubstr("client-certificate-data: holds no PEM"));
    EXPECT_THAT(refusal("token: [geheim]"),
                AllOf(HasSubstr("users[name=u].user.token: must be a string"), Not(HasSubstr("geheim"))));
    EXPECT_THAT(refusal("token: t", "server: 'https://api', insecure-skip-tls-verify: maybe"),
                HasSubstr("must be true or false"));
    EXPECT_THAT(refusal("tokenFile: nowhere"), HasSubstr("users[name=u].user.tokenFile: /etc/kube/nowhere: no such file"));
    EXPECT_THAT(refusal("client-certificate: x.crt, client-key: x.key"),
                HasSubstr("client-certificate: /etc/kube/x.crt: no such file"));
}

TEST_F(Kubeconfig, RefusesWhatIsNoKubeconfig) {
    EXPECT_EQ(refusal_of({{"f", ""}}), "kubeconfig f: current-context: is not set, and no context was asked for");
    EXPECT_EQ(refusal_of({{"f", "a: [geheim"}}), "kubeconfig f: line 1: is no valid YAML");
    EXPECT_EQ(refusal_of({{"f", "geheim"}}), "kubeconfig f: file: is no map of fields");
    EXPECT_EQ(refusal_of({{"f", "contexts: 1"}}, "a"), "kubeconfig f: contexts: must be a list");
    EXPECT_EQ(refusal_of({{"f", "contexts: [1]"}}, "a"), "kubeconfig f: contexts[0]: must be a map");
    EXPECT_EQ(refusal_of({{"f", document("token: t", "server: 'https://api'")}}, "b"),
              "kubeconfig f: contexts: has no context named b");
    EXPECT_EQ(refusal_of({{"f", "contexts: [{name: a, context: {cluster: x}}]"}}, "a"),
              "kubeconfig f: contexts[name=a].context.cluster: there is no cluster named x");
}

}  // namespace
}  // namespace client
