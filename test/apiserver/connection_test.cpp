// The operator's way to the API server: every kind of credentials, a server that is not who it says, and a wire that breaks.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <regex>

#include "cluster.h"
#include "support/forwarder.h"

namespace apiserver {
namespace {

using support::Forwarder;
using support::free_port;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

Json rule(const std::string& group, std::vector<std::string> resources, std::vector<std::string> verbs) {
    return {{"apiGroups", Json::array({group})}, {"resources", std::move(resources)}, {"verbs", std::move(verbs)}};
}

const std::vector<std::string> kOwn{"get", "list", "watch", "create", "patch", "delete"};

// All that the operator may need in the namespace that it watches.
Json namespaced_rules() {
    return {rule("ecommerceplatform.io", {"ecommerceplatforms"}, {"list", "watch", "patch"}),
            rule("ecommerceplatform.io", {"ecommerceplatforms/status"}, {"patch"}),
            rule("", {"serviceaccounts", "secrets", "configmaps", "services", "resourcequotas", "limitranges"}, kOwn),
            rule("", {"persistentvolumeclaims"}, {"list", "patch", "delete"}),
            rule("apps", {"deployments", "statefulsets"}, kOwn),
            rule("batch", {"jobs"}, kOwn),
            rule("", {"pods"}, {"list", "watch"}),
            rule("autoscaling", {"horizontalpodautoscalers"}, kOwn),
            rule("autoscaling.k8s.io", {"verticalpodautoscalers"}, kOwn),
            rule("policy", {"poddisruptionbudgets"}, kOwn),
            rule("networking.k8s.io", {"networkpolicies", "ingresses"}, kOwn),
            rule("rbac.authorization.k8s.io", {"rolebindings"}, kOwn),
            rule("gateway.networking.k8s.io", {"httproutes"}, kOwn),
            rule("monitoring.coreos.com", {"servicemonitors", "prometheusrules"}, kOwn),
            rule("events.k8s.io", {"events"}, {"create", "patch"}),
            rule("coordination.k8s.io", {"leases"}, {"get", "create", "update"})};
}

// And outside it.
Json cluster_rules() {
    return {rule("apiextensions.k8s.io", {"customresourcedefinitions"}, {"list", "watch"}),
            rule("", {"nodes", "namespaces"}, {"list", "watch"}), rule("apps", {"daemonsets"}, {"list", "watch"}),
            rule("admissionregistration.k8s.io", {"validatingadmissionpolicies", "validatingadmissionpolicybindings"}, kOwn),
            rule("scheduling.k8s.io", {"priorityclasses"}, kOwn)};
}

class Connection : public OperatorTest {
protected:
    Connection() : folder_(Cluster::get().scratch() + "/" + ns_) {
        fs::create_directories(folder_);
        const Json config = Json::parse(kubectl({"config", "view", "--raw", "-o", "json"}).output);
        cluster_ = config.at("clusters").at(0).at("cluster");
        admin_ = config.at("users").at(0).at("user");
    }
    ~Connection() override {
        kubectl({"delete", "clusterrole,clusterrolebinding", user_, "--ignore-not-found"});
        fs::remove_all(folder_);
    }

    // Nobody is there any more who would take the finalizer off.
    void TearDown() override {
        OperatorTest::TearDown();
        operator_.reset();
        kubectl({"patch", "ecp/shop", "--type=merge", "-p", R"({"metadata": {"finalizers": null}})"});
    }

    std::string write(const std::string& name, const std::string& text) const {
        support::write_file(folder_ + "/" + name + ".new", text);
        fs::rename(folder_ + "/" + name + ".new", folder_ + "/" + name);
        return folder_ + "/" + name;
    }

    // The path of a kubeconfig for this user and server.
    std::string kubeconfig(const Json& user, const Json& cluster) const {
        const Json config{{"apiVersion", "v1"},
                          {"kind", "Config"},
                          {"current-context", "c"},
                          {"clusters", Json::array({{{"name", "c"}, {"cluster", cluster}}})},
                          {"users", Json::array({{{"name", "u"}, {"user", user}}})},
                          {"contexts", Json::array({{{"name", "c"}, {"context", {{"cluster", "c"}, {"user", "u"}}}}})}};
        return write("kubeconfig", config.dump());
    }

    void start_with(const std::string& kubeconfig, const std::string& listen = "127.0.0.1:0") {
        operator_ = std::make_unique<support::Background>(
            std::vector<std::string>{operator_program(), "run", "--kubeconfig", kubeconfig, "--watch-namespace", ns_,
                                     "--lease-namespace", ns_, "--listen", listen},
            operator_log_file_);
    }

    void create(const Json& object) const {
        const support::Finished created = kubectl({"create", "-f", "-"}, object.dump());
        ASSERT_EQ(created.status, 0) << created.output;
    }

    // Lets a ServiceAccount and the holder of a certificate, both called `user_`, do what the operator needs and no more, or even
    // less: nothing with the API group `without`.
    void grant(const std::string& without = "none") const {
        const auto bind = [&](const std::string& kind) {
            return Json{{"apiVersion", "rbac.authorization.k8s.io/v1"},
                        {"kind", kind + "Binding"},
                        {"metadata", {{"name", user_}}},
                        {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", kind}, {"name", user_}}},
                        {"subjects",
                         {{{"kind", "ServiceAccount"}, {"name", user_}, {"namespace", ns_}},
                          {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", user_}}}}};
        };
        const auto role = [&](const std::string& kind, const Json& rules) {
            return Json{{"apiVersion", "rbac.authorization.k8s.io/v1"},
                        {"kind", kind},
                        {"metadata", {{"name", user_}}},
                        {"rules", rules}};
        };
        create({{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", user_}}}});
        Json rules = Json::array();
        for (const Json& rule : namespaced_rules()) {
            if (rule["apiGroups"][0] != without) rules.push_back(rule);
        }
        create(role("Role", rules));
        create(role("ClusterRole", cluster_rules()));
        create(bind("Role"));
        create(bind("ClusterRole"));
    }

    std::string token(std::vector<std::string> bound_to = {}) const {
        bound_to.insert(bound_to.begin(), {"create", "token", user_});
        const support::Finished made = kubectl(bound_to);
        EXPECT_EQ(made.status, 0) << made.output;
        return made.output.substr(0, made.output.find_last_not_of('\n') + 1);
    }

    // Makes user.key and user.crt, signed by the cluster's authority.
    void sign_certificate() const {
        const std::string pki = fs::path(Cluster::get().kubeconfig()).parent_path().string() + "/pki";
        const support::Finished made = support::run({"bash", "-ec",
                                                     "cd \"$1\"; openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                                                     "-keyout user.key -out user.csr -subj \"/CN=$3\"; "
                                                     "openssl x509 -req -in user.csr -CA \"$2/ca.crt\" -CAkey \"$2/ca.key\" "
                                                     "-set_serial \"0x$(openssl rand -hex 8)\" -days 1 "
                                                     "-out user.crt",
                                                     "bash", folder_, pki, user_});
        ASSERT_EQ(made.status, 0) << made.output;
    }

    bool logs(const std::string& text, std::chrono::seconds limit = 30s) const {
        return eventually([&] { return operator_log().find(text) != std::string::npos; }, limit);
    }

    // Whether every object of the platform was applied, and the status says so.
    bool made() const {
        return eventually(
            [&] {
                const std::string ready = condition(get("ecp", "shop"), "Ready");
                return ready == "True" || ready == "False";
            },
            60s);
    }

    void expect_repair() const {
        ASSERT_EQ(kubectl({"delete", "service/shop-catalog"}).status, 0);
        EXPECT_TRUE(eventually([&] { return find("service", "shop-catalog").has_value(); }, 60s));
    }

    // The limit is what Kubernetes gives a pod by default before it kills it.
    void expect_end_by(int signal_number) {
        operator_->signal(signal_number);
        ASSERT_TRUE(eventually([&] { return !operator_->running(); }, 30s)) << "it goes on";
        EXPECT_EQ(operator_->wait(), 0);
        EXPECT_THAT(operator_log(), HasSubstr("\"stopped\""));
    }

    std::string folder_;
    std::string user_ = "operator-" + ns_;
    Json cluster_;
    Json admin_;
};

std::string base64_of_file(const std::string& path) {
    return support::run({"base64", "-w0", path}).output;
}

class ConnectionWith : public Connection, public testing::WithParamInterface<const char*> {
protected:
    Json user(const std::string& kind) const {
        if (kind.starts_with("Certificate")) sign_certificate();
        if (kind == "CertificateFiles") return {{"client-certificate", "user.crt"}, {"client-key", "user.key"}};
        if (kind == "CertificateData") {
            return {{"client-certificate-data", base64_of_file(folder_ + "/user.crt")},
                    {"client-key-data", base64_of_file(folder_ + "/user.key")}};
        }
        if (kind == "Token") return {{"token", token()}};
        const std::string file = write("token", token() + "\n");
        if (kind == "TokenFile") return {{"tokenFile", file}};
        const std::string plugin =
            write("plugin",
                  "#!/bin/sh\n"
                  "printf '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", "
                  "\"status\": {\"token\": \"%s\"}}' \"$(cat \"$TOKEN_PATH\")\"\n");
        fs::permissions(plugin, fs::perms::owner_all);
        return {{"exec",
                 {{"apiVersion", "client.authentication.k8s.io/v1"},
                  {"command", "./plugin"},
                  {"interactiveMode", "Never"},
                  {"env", Json::array({{{"name", "TOKEN_PATH"}, {"value", file}}})}}}};
    }
};

TEST_P(ConnectionWith, MakesAPlatformWithTheLeastRights) {
    grant();
    start_with(kubeconfig(user(GetParam()), cluster_));
    apply(sample("minimal"));
    EXPECT_TRUE(ready());
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");
    EXPECT_EQ(children("deployments,statefulsets").size(), 9U);
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--timeout=30s"}).status, 0);
    EXPECT_THAT(operator_log(), Not(HasSubstr("forbidden")));
}

INSTANTIATE_TEST_SUITE_P(Credentials, ConnectionWith,
                         testing::Values("CertificateFiles", "CertificateData", "Token", "TokenFile", "ExecPlugin"),
                         [](const auto& each) { return std::string(each.param); });

TEST_F(Connection, DoesWithoutAnOptionalKindThatItMayNotSee) {
    grant("gateway.networking.k8s.io");
    start_with(kubeconfig({{"token", token()}}, cluster_));
    apply(sample("minimal"));
    EXPECT_TRUE(made());
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");

    // Who asks for it hears why it is not there.
    apply(sample("minimal", {{"spec", {{"ingress", sample("staging")["spec"]["ingress"]}}}}));
    EXPECT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Stalled") == "True"; }, 30s));
    EXPECT_THAT(get("ecp", "shop").dump(), AllOf(HasSubstr("HTTPRoute"), HasSubstr("forbidden")));
}

TEST_F(Connection, GoesOnWithTheNextTokenOfATokenFile) {
    grant();
    create({{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "first"}}}});
    const std::string first = token({"--bound-object-kind", "Secret", "--bound-object-name", "first"});
    const std::string file = write("token", first);
    start_with(kubeconfig({{"tokenFile", file}}, cluster_));
    apply(sample("development", {{"spec", {{"ingress", nullptr}}}}));
    ASSERT_TRUE(made());

    write("token", token());
    ASSERT_EQ(kubectl({"delete", "secret/first"}).status, 0);  // The end of the first token.
    const std::string old = write("old", support::read_file(kubeconfig({{"token", first}}, cluster_)));
    ASSERT_TRUE(eventually([&] {
        return kubectl({"--kubeconfig", old, "get", "services"}).output.find("Unauthorized") != std::string::npos;
    })) << kubectl({"--kubeconfig", old, "get", "services"}).output;
    expect_repair();
}

TEST_F(Connection, RefusesAServerOfAnotherAuthority) {
    const support::Finished made =
        support::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      "/CN=kubernetes-ca", "-keyout", folder_ + "/other.key", "-out", folder_ + "/other.crt"});
    ASSERT_EQ(made.status, 0) << made.output;
    start_with(kubeconfig(admin_, {{"server", cluster_["server"]}, {"certificate-authority", "other.crt"}}));
    EXPECT_TRUE(logs("TLS: server not trusted: "));
    EXPECT_TRUE(operator_->running());
    EXPECT_FALSE(find("lease", "ecommerce-operator"));
}

TEST_F(Connection, RefusesAServerOfAnotherName) {
    cluster_["tls-server-name"] = "kubernetes.example.com";
    start_with(kubeconfig(admin_, cluster_));
    EXPECT_TRUE(logs("TLS: server not trusted: hostname mismatch"));
    EXPECT_TRUE(operator_->running());
}

TEST_F(Connection, RefusesToGoUnverified) {
    cluster_.erase("certificate-authority-data");
    cluster_["insecure-skip-tls-verify"] = true;
    start_with(kubeconfig(admin_, cluster_));
    EXPECT_EQ(operator_->wait(), 2);
    EXPECT_THAT(operator_log(),
                AllOf(HasSubstr("clusters[name=c].cluster.insecure-skip-tls-verify: is refused"), HasSubstr("authority")));
}

TEST_F(Connection, AnswersProbesAndScrapes) {
    const std::string port = std::to_string(free_port());
    start_with(Cluster::get().kubeconfig(), "127.0.0.1:" + port);
    const auto ask = [&](const std::string& path) {
        const std::string script =
            "exec 3<>/dev/tcp/127.0.0.1/$1 && printf 'GET %s HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' $2 >&3 && "
            "cat <&3";
        return support::run({"bash", "-c", script, "bash", port, path}).output;
    };
    ASSERT_TRUE(eventually([&] { return ask("/readyz").starts_with("HTTP/1.1 200"); }));
    ASSERT_TRUE(logs("\"ready\""));
    apply(sample("development", {{"spec", {{"ingress", nullptr}}}}));
    ASSERT_TRUE(made());
    EXPECT_THAT(ask("/livez"), AllOf(HasSubstr("200 OK"), HasSubstr("ok")));
    EXPECT_THAT(ask("/readyz?verbose"), HasSubstr("[+]watches ok"));
    EXPECT_THAT(ask("/"), HasSubstr("404"));
    EXPECT_THAT(ask("/metrics"),
                AllOf(HasSubstr("controller_runtime_reconcile_total{controller=\"ecommerceplatform\",result=\"success\"}"),
                      HasSubstr("rest_client_requests_total{"), HasSubstr("workqueue_depth{"),
                      HasSubstr("leader_election_master_status{name=\"ecommerce-operator\"} 1"),
                      HasSubstr("ecommerceplatform_object_writes_total{"), HasSubstr("process_resident_memory_bytes ")));
}

// The wire can be cut.
class ConnectionThatBreaks : public Connection {
protected:
    ConnectionThatBreaks() : wire_(port_of(cluster_["server"])) {
        cluster_["server"] = "https://127.0.0.1:" + std::to_string(wire_.port());
    }
    static std::uint16_t port_of(const std::string& server) {
        return static_cast<std::uint16_t>(std::stoi(server.substr(server.rfind(':') + 1)));
    }

    void start() { start_with(kubeconfig(admin_, cluster_)); }

    void make_platform() {
        wire_.open();
        start();
        apply(sample("development", {{"spec", {{"ingress", nullptr}}}}));
        ASSERT_TRUE(made());
    }

    Forwarder wire_;
};

TEST_F(ConnectionThatBreaks, IsWaitedForAtTheStart) {
    start();
    ASSERT_TRUE(logs("Connection refused"));
    EXPECT_TRUE(operator_->running());
    apply(sample("development", {{"spec", {{"ingress", nullptr}}}}));
    wire_.open();
    EXPECT_TRUE(made());
}

TEST_F(ConnectionThatBreaks, IsMadeAgainAndNothingIsMissed) {
    make_platform();
    for (int round = 0; round < 3; ++round) {
        wire_.drop();
        expect_repair();
    }
    EXPECT_TRUE(operator_->running()) << operator_log();
}

// A server that went away without a word: the lease can't be renewed, so this process must not act any more. Whoever runs it
// starts it again, and it finds what it missed.
TEST_F(ConnectionThatBreaks, EndsTheProcessWhereTheLeaseCannotBeRenewed) {
    make_platform();
    wire_.stall();
    ASSERT_EQ(kubectl({"delete", "service/shop-catalog"}).status, 0);
    ASSERT_TRUE(eventually([&] { return !operator_->running(); }, 60s));
    EXPECT_EQ(operator_->wait(), 1);
    wire_.resume();
    EXPECT_THAT(operator_log(), HasSubstr("lost Lease " + ns_ + "/ecommerce-operator: no renewal in time"));
    start();
    EXPECT_TRUE(eventually([&] { return find("service", "shop-catalog").has_value(); }, 60s));
}

TEST_F(ConnectionThatBreaks, DoesNotKeepTheProcessFromEnding) {
    make_platform();
    expect_end_by(SIGTERM);
    EXPECT_EQ(get("lease", "ecommerce-operator")["spec"].value("holderIdentity", ""), "") << "it did not let go of the lease";
}

TEST_F(ConnectionThatBreaks, DoesNotKeepTheProcessFromEndingWhenItWasNeverThere) {
    start();
    ASSERT_TRUE(logs("Connection refused"));
    expect_end_by(SIGTERM);
}

TEST_F(ConnectionThatBreaks, DoesNotKeepTheProcessFromEndingWhenItIsGone) {
    make_platform();
    wire_.close();
    expect_end_by(SIGTERM);
}

TEST_F(ConnectionThatBreaks, DoesNotKeepTheProcessFromEndingWhenItIsSilent) {
    make_platform();
    wire_.stall();
    expect_end_by(SIGTERM);
}

}  // namespace
}  // namespace apiserver
