// The commands that work on a file, as someone at a terminal runs them.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "api/document.h"
#include "cluster.h"

namespace apiserver {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr const char* kSamples[] = {"minimal", "development", "staging", "production", "external-data"};

std::string sample_file(const std::string& name) {
    return std::string(SOURCE_DIR) + "/samples/" + name + ".yaml";
}

support::Finished run_operator(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), OPERATOR);
    return support::run(arguments, input);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// A file of this test's own, gone after it.
class File {
public:
    explicit File(const std::string& text)
        : path_(Cluster::get().scratch() + "/" + std::to_string(::getpid()) + "-" + std::to_string(++count_) + ".yaml") {
        support::write_file(path_, text);
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& path() const { return path_; }

private:
    static inline int count_ = 0;
    std::string path_;
};

// Commands that need no cluster: the environment names one that is not there.
class Cli : public testing::Test {
protected:
    Cli() {
        ::setenv("KUBECONFIG", "/nowhere/kubeconfig", 1);
        ::unsetenv("KUBERNETES_SERVICE_HOST");
    }
};

class CliOfSample : public Cli, public testing::WithParamInterface<const char*> {};

TEST_P(CliOfSample, RendersTheSameEachTime) {
    const support::Finished first = run_operator({"render", "-f", sample_file(GetParam())});
    EXPECT_EQ(first.status, 0) << first.output;
    EXPECT_THAT(first.output, HasSubstr("kind: Deployment\n"));
    EXPECT_EQ(run_operator({"render", "-f", sample_file(GetParam())}).output, first.output);
}

TEST_P(CliOfSample, FindsItValid) {
    const support::Finished said = run_operator({"validate", "-f", sample_file(GetParam())});
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.output, sample_file(GetParam()) + ": valid\n");
}

INSTANTIATE_TEST_SUITE_P(Samples, CliOfSample, testing::ValuesIn(kSamples),
                         [](const auto& each) { return std::regex_replace(std::string(each.param), std::regex("-"), "_"); });

class CliOutput : public OperatorTest, public testing::WithParamInterface<const char*> {};

TEST_P(CliOutput, IsTakenByTheServerWithoutAWarning) {
    const support::Finished labelled = kubectl(
        {"label", "namespace", ns_, "pod-security.kubernetes.io/warn=restricted", "pod-security.kubernetes.io/audit=restricted"});
    ASSERT_EQ(labelled.status, 0) << labelled.output;
    // The Gateway API is not installed here, and a node port is there once in a cluster that other tests use as well.
    const Json platform = sample(GetParam(), {{"spec", {{"ingress", {{"nodePort", nullptr}}}}}});
    const File file(platform.dump());
    const support::Finished rendered =
        run_operator({"render", "--generate-secrets", "--without", "gateway.networking.k8s.io", "-f", file.path()});
    ASSERT_EQ(rendered.status, 0) << rendered.output;
    const File objects(rendered.output);
    const support::Finished applied =
        kubectl({"apply", "--server-side", "--validate=strict", "--dry-run=server", "-f", objects.path()});
    EXPECT_EQ(applied.status, 0) << applied.output;
    for (const std::string& line : lines_of(applied.output))
        EXPECT_TRUE(line.ends_with("serverside-applied (server dry run)")) << line;
    EXPECT_GT(lines_of(applied.output).size(), 30U);
}

INSTANTIATE_TEST_SUITE_P(Samples, CliOutput, testing::Values("minimal", "development", "staging", "production"),
                         [](const auto& each) { return std::string(each.param); });

TEST_F(Cli, RendersNoSecretUnlessAsked) {
    const std::string output = run_operator({"render", "-f", sample_file("minimal")}).output;
    EXPECT_THAT(output, Not(HasSubstr("kind: Secret\n")));
    EXPECT_THAT(lines_of(output), AllOf(Contains("# Generated Secrets are left out (--generate-secrets adds fresh ones):"),
                                        Contains("#   shop-root-key"), Contains("#   shop-postgres")));
}

// "NAME/KEY" of each value in the Secrets of a rendered text.
std::map<std::string, std::string> secret_values(const std::string& rendered) {
    std::map<std::string, std::string> values;
    for (std::size_t at = 0; at != std::string::npos;) {
        const std::size_t next = rendered.find("\n---\n", at);
        const auto read = api::read_document(rendered.substr(at, next == std::string::npos ? next : next - at));
        at = next == std::string::npos ? next : next + 1;
        const Json* document = std::get_if<Json>(&read);
        if (document == nullptr || document->value("kind", "") != "Secret") continue;
        const std::string name = document->at("metadata").at("name");
        for (const auto& [key, value] : document->at("data").items()) values[name + "/" + key] = value;
    }
    return values;
}

TEST_F(Cli, GeneratesFreshSecretsOf256BitsEachTime) {
    const auto first = secret_values(run_operator({"render", "--generate-secrets", "-f", sample_file("minimal")}).output);
    const auto second = secret_values(run_operator({"render", "--generate-secrets", "-f", sample_file("minimal")}).output);
    ASSERT_THAT(first, Contains(testing::Key("shop-postgres/password")));
    const std::regex hex("[0-9a-f]{64}");
    for (const auto& [place, value] : first) {
        ASSERT_TRUE(second.contains(place)) << place;
        EXPECT_NE(second.at(place), value) << place;
    }
    for (const char* place : {"shop-root-key/key", "shop-postgres/password"}) {
        ASSERT_TRUE(first.contains(place));
        EXPECT_TRUE(std::regex_match(support::run({"base64", "-d"}, first.at(place)).output, hex)) << place;
    }
}

TEST_F(Cli, LeavesOutWhatTheClusterLacksAndSaysSo) {
    const std::string with = run_operator({"render", "-f", sample_file("staging")}).output;
    const support::Finished without =
        run_operator({"render", "--without", "gateway.networking.k8s.io", "-f", sample_file("staging")});
    EXPECT_EQ(without.status, 0);
    EXPECT_THAT(with, HasSubstr("kind: HTTPRoute\n"));
    EXPECT_THAT(without.output, AllOf(Not(HasSubstr("kind: HTTPRoute\n")), HasSubstr("# Left out: HTTPRoute: ")));
}

TEST_F(Cli, RefusesToLeaveOutWhatIsNotOptional) {
    const support::Finished said = run_operator({"render", "--without", "gateway.networking", "-f", sample_file("staging")});
    EXPECT_EQ(said.status, 2);
    EXPECT_THAT(said.output,
                HasSubstr("--without gateway.networking: no such optional API group; there are: gateway.networking.k8s.io"));
}

TEST_F(Cli, PutsObjectsIntoTheNamespaceAskedForWhereTheFileNamesNone) {
    const File file("{apiVersion: ecommerceplatform.io/v1alpha1, kind: EcommercePlatform, metadata: {name: shop}, spec: {}}");
    EXPECT_THAT(run_operator({"render", "-n", "elsewhere", "-f", file.path()}).output,
                AllOf(HasSubstr("namespace: elsewhere\n"), Not(HasSubstr("namespace: default\n"))));
    EXPECT_THAT(run_operator({"render", "-n", "elsewhere", "-f", sample_file("minimal")}).output,
                Not(HasSubstr("namespace: elsewhere\n")));
}

TEST_F(Cli, ListsEveryProblemWithItsPlace) {
    const File file(
        "apiVersion: ecommerceplatform.io/v1alpha1\n"
        "kind: EcommercePlatform\n"
        "metadata: {name: shop}\n"
        "spec:\n"
        "  profile: Testing\n"
        "  versoin: 1.0.0\n"
        "  services: {order: {replicas: {min: 5, max: 2}}}\n"
        "  data: {postgres: {external: {cidr: 10.1.2.3/32, port: 5432}}}\n");
    for (const char* command : {"validate", "render", "diff"}) {
        std::vector<std::string> arguments{command, "-f", file.path()};
        if (std::string(command) == "diff") arguments.insert(arguments.end(), {"--kubeconfig", Cluster::get().kubeconfig()});
        const support::Finished said = run_operator(arguments);
        EXPECT_EQ(said.status, 1) << command;
        EXPECT_THAT(lines_of(said.output),
                    UnorderedElementsAre(StartsWith(file.path() + ": spec.profile: Unsupported value"),
                                         StartsWith(file.path() + ": spec.versoin: unknown field (did you mean \"version\"?)"),
                                         StartsWith(file.path() + ": spec.services.order.replicas.min: "),
                                         StartsWith(file.path() + ": spec.data.postgres.external.secretName: Required value")))
            << command;
    }
}

TEST_F(Cli, SaysWhereYamlIsMalformed) {
    const File file("apiVersion: v1\nkind: [\n");
    const support::Finished said = run_operator({"validate", "-f", file.path()});
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.output, StartsWith(file.path() + ": line "));
}

TEST_F(Cli, SaysThatAFileIsEmpty) {
    const File file("");
    const support::Finished said = run_operator({"validate", "-f", file.path()});
    EXPECT_EQ(said.status, 1);
    EXPECT_EQ(said.output, file.path() + ": there is no document in it\n");
}

TEST_F(Cli, TakesOneDocumentAFile) {
    const File file(support::read_file(sample_file("minimal")) + "---\n" + support::read_file(sample_file("staging")));
    const support::Finished said = run_operator({"validate", "-f", file.path()});
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.output, HasSubstr("there are 2 documents in it"));
}

TEST_F(Cli, SaysWhyAFileCannotBeRead) {
    for (const auto& [path, why] :
         {std::pair("/nowhere/shop.yaml", "No such file or directory"), std::pair("/tmp", "it is a folder")}) {
        for (const char* command : {"validate", "render"}) {
            const support::Finished said = run_operator({command, "-f", path});
            EXPECT_EQ(said.status, 2) << command;
            EXPECT_EQ(said.output, "ecommerce-operator: cannot read " + std::string(path) + ": " + why + "\n");
        }
    }
}

TEST_F(Cli, EndsAtAFileThatDoesNot) {
    const support::Finished said = run_operator({"validate", "-f", "/dev/zero"});
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.output, HasSubstr("longer than 1 MiB"));
}

TEST_F(Cli, ReadsStandardInput) {
    const support::Finished good = run_operator({"validate", "-f", "-"}, support::read_file(sample_file("minimal")));
    EXPECT_EQ(good.status, 0);
    EXPECT_EQ(good.output, "standard input: valid\n");
    const support::Finished bad = run_operator({"validate", "-f", "-"}, "{}");
    EXPECT_EQ(bad.status, 1);
    EXPECT_THAT(lines_of(bad.output), Contains(StartsWith("standard input: kind: ")));
    EXPECT_EQ(run_operator({"render", "-f", "-"}, support::read_file(sample_file("minimal"))).output,
              run_operator({"render", "-f", sample_file("minimal")}).output);
}

TEST_F(Cli, TellsItsVersion) {
    const support::Finished said = run_operator({"version"});
    EXPECT_EQ(said.status, 0);
    EXPECT_TRUE(std::regex_match(said.output, std::regex("ecommerce-operator [0-9]+\\.[0-9]+\\.[0-9]+\\S*\n"))) << said.output;
}

TEST_F(Cli, PointsToTheHelpWhenItDoesNotUnderstand) {
    const std::vector<std::vector<std::string>> all{{},
                                                    {"reconcile"},
                                                    {"render"},
                                                    {"render", "--file"},
                                                    {"validate", "--force", "-f", "x"},
                                                    {"version", "now"},
                                                    {"run", "--workers", "0"},
                                                    {"run", "--log-level", "loud"}};
    for (const std::vector<std::string>& arguments : all) {
        const support::Finished said = run_operator(arguments);
        EXPECT_EQ(said.status, 2) << testing::PrintToString(arguments) << said.output;
        EXPECT_THAT(said.output, HasSubstr("--help")) << testing::PrintToString(arguments);
    }
}

TEST_F(Cli, ExplainsEachCommandWhenAsked) {
    for (const char* command : {"run", "render", "validate", "diff"}) {
        const support::Finished said = run_operator({command, "--help"});
        EXPECT_EQ(said.status, 0);
        EXPECT_THAT(said.output, AllOf(HasSubstr("Options:"), HasSubstr("--help"))) << command;
        EXPECT_THAT(run_operator({"--help"}).output, HasSubstr(command));
    }
}

TEST_F(Cli, SaysThatNoClusterCanBeReached) {
    const File nowhere(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
        "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "contexts: [{name: a, context: {cluster: a}}]\n");
    const support::Finished said = run_operator({"diff", "--kubeconfig", nowhere.path(), "-f", sample_file("minimal")});
    EXPECT_EQ(said.status, 2);
    EXPECT_THAT(said.output, AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("Connection refused")));
}

TEST_F(Cli, NamesTheKubeconfigThatIsMissing) {
    const support::Finished said = run_operator({"diff", "-f", sample_file("minimal")});
    EXPECT_EQ(said.status, 2);
    EXPECT_THAT(said.output, HasSubstr("/nowhere/kubeconfig"));
}

// What `diff` says of a namespace.
class Diff : public OperatorTest {
protected:
    support::Finished diff(const Json& platform) const {
        const File file(platform.dump());
        return run_operator({"diff", "--kubeconfig", Cluster::get().kubeconfig(), "-f", file.path()});
    }
    Json wanted(const Json& patch = nullptr) const {
        Json platform = sample("development", {{"spec", {{"ingress", nullptr}}}});
        if (!patch.is_null()) platform["spec"].merge_patch(patch);
        return platform;
    }
    std::string named(const std::string& object) const { return std::regex_replace(object, std::regex("/"), " " + ns_ + "/"); }
};

TEST_F(Diff, ListsWhatWouldBeCreated) {
    const support::Finished said = diff(wanted());
    EXPECT_EQ(said.status, 1) << said.output;
    EXPECT_THAT(lines_of(said.output),
                AllOf(testing::Each(StartsWith("+ ")), Contains("+ " + named("EcommercePlatform/shop")),
                      Contains("+ " + named("Secret/shop-postgres")), Contains("+ " + named("Service/shop-catalog")),
                      Contains("+ " + named("Deployment/shop-catalog")), Contains("+ " + named("StatefulSet/shop-redis"))));
    EXPECT_FALSE(find("ecp", "shop")) << "it was not dry";
    EXPECT_FALSE(find("deployment", "shop-catalog")) << "it was not dry";
}

TEST_F(Diff, PrintsWhatTheServerRefuses) {
    ASSERT_EQ(kubectl({"create", "-f", "-"}, wanted().dump()).status, 0);
    const support::Finished said = diff(wanted({{"data", {{"postgres", {{"managed", {{"storage", "7Gi"}}}}}}}}));
    EXPECT_NE(said.status, 0);
    EXPECT_THAT(said.output,
                AllOf(HasSubstr("spec.data.postgres.managed.storage"), HasSubstr("the storage of PostgreSQL cannot be changed")));
}

TEST_F(Diff, SaysThatTheNamespaceIsMissing) {
    Json elsewhere = wanted();
    elsewhere["metadata"]["namespace"] = "nowhere-" + ns_;
    const support::Finished said = diff(elsewhere);
    EXPECT_EQ(said.status, 2);
    EXPECT_THAT(said.output, HasSubstr("namespaces \"nowhere-" + ns_ + "\" not found"));
}

// The operator has made the platform and is gone, so that nothing is repaired while it is compared.
class DiffOfMadePlatform : public Diff {
protected:
    void make(const Json& platform, bool server_side = true) {
        start_operator();
        if (server_side) {
            apply(platform);
        } else {
            const support::Finished applied = kubectl({"apply", "-f", "-"}, platform.dump());
            ASSERT_EQ(applied.status, 0) << applied.output;
        }
        ASSERT_TRUE(ready());
        ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Reconciling") == "False"; }));
        stop_operator(SIGTERM);
    }

    // Nobody is there any more who would take the finalizer off.
    void TearDown() override {
        Diff::TearDown();
        merge("ecp", "shop", {{"metadata", {{"finalizers", nullptr}}}});
    }

    // kubectl apply, in either form, removes what it applied before and the file no longer has.
    static Json catalog_of_two() {
        return {{"version", "1.2.3"}, {"services", {{"catalog", {{"replicas", {{"count", 2}, {"max", 2}}}}}}}};
    }
    void expect_catalog_of_one() const {
        const support::Finished said = diff(wanted({{"version", "1.2.3"}}));
        EXPECT_EQ(said.status, 1);
        EXPECT_THAT(lines_of(said.output), Contains(HasSubstr("/spec/services")));
        EXPECT_THAT(said.output, Not(HasSubstr("/spec/version")));
    }

    void merge(const std::string& kind, const std::string& name, const Json& patch) const {
        const support::Finished patched = kubectl({"patch", kind, name, "--type=merge", "-p", patch.dump()});
        ASSERT_EQ(patched.status, 0) << patched.output;
    }
};

TEST_F(DiffOfMadePlatform, SaysThatThereIsNoneOrExactlyWhatTheFileChanges) {
    make(wanted());
    const support::Finished none = diff(wanted());
    EXPECT_EQ(none.status, 0);
    EXPECT_EQ(none.output, "no differences\n");

    const support::Finished scaled = diff(wanted({{"services", {{"catalog", {{"replicas", {{"count", 2}, {"max", 2}}}}}}}}));
    EXPECT_EQ(scaled.status, 1);
    EXPECT_THAT(lines_of(scaled.output),
                ElementsAre("~ " + named("EcommercePlatform/shop"), StartsWith("    /spec/services: added {\"catalog\""),
                            "~ " + named("Deployment/shop-catalog"), "    /spec/replicas: 1 -> 2"));

    const support::Finished suspended = diff(wanted({{"suspend", true}, {"version", "2.0.0"}}));
    EXPECT_EQ(suspended.status, 1);
    EXPECT_THAT(suspended.output, AllOf(HasSubstr("/spec/suspend: "), HasSubstr("# Suspended: "), Not(HasSubstr("Deployment"))));
}

TEST_F(DiffOfMadePlatform, ShowsWhatSomeoneDidToTheObjects) {
    make(wanted());
    merge("service", "shop-catalog", {{"spec", {{"selector", {{"app.kubernetes.io/component", "order"}}}}}});
    merge("secret", "shop-postgres", {{"data", {{"password", "c3RvbGVu"}}}});
    ASSERT_EQ(kubectl({"delete", "configmap/shop-order", "secret/shop-redis"}).status, 0);
    const support::Finished said = diff(wanted());
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(lines_of(said.output),
                UnorderedElementsAre("~ " + named("Secret/shop-postgres"), "+ " + named("Secret/shop-redis"),
                                     "+ " + named("ConfigMap/shop-order"), "~ " + named("Service/shop-catalog"),
                                     "    /spec/selector/app.kubernetes.io~1component: \"order\" -> \"catalog\""));
}

TEST_F(DiffOfMadePlatform, ShowsWhatWouldBePruned) {
    make(wanted({{"quality", {{"security", {{"networkIsolation", "Strict"}}}}}}));
    const support::Finished said = diff(wanted({{"quality", {{"security", {{"networkIsolation", "None"}}}}}}));
    EXPECT_EQ(said.status, 1);
    std::set<std::string> pruned;
    for (const std::string& line : lines_of(said.output)) {
        if (line.starts_with("- ")) pruned.insert(line);
    }
    std::set<std::string> policies;
    for (const std::string& child : children("networkpolicies")) {
        policies.insert("- NetworkPolicy " + ns_ + child.substr(child.find('/')));
    }
    EXPECT_THAT(policies, Not(IsEmpty()));
    EXPECT_EQ(pruned, policies);
}

TEST_F(DiffOfMadePlatform, ShowsAFieldThatTheFileNoLongerHasAndTheServerApplied) {
    make(wanted(catalog_of_two()));
    expect_catalog_of_one();
}

TEST_F(DiffOfMadePlatform, ShowsAFieldThatTheFileNoLongerHasAndTheClientApplied) {
    make(wanted(catalog_of_two()), false);
    expect_catalog_of_one();
}

TEST_F(DiffOfMadePlatform, NeverShowsASecretsValue) {
    make(wanted());
    merge("secret", "shop-postgres", {{"data", {{"password", "c3RvbGVu"}}}});
    const std::string said = diff(wanted({{"profile", "Staging"}, {"version", "2.0.0"}})).output + diff(wanted()).output;
    const Json secrets = Json::parse(kubectl({"get", "secrets", "-o", "json"}).output);
    ASSERT_GT(secrets["items"].size(), 3U);
    for (const Json& secret : secrets["items"]) {
        for (const auto& [key, value] : secret["data"].items()) {
            const std::string encoded = value;
            EXPECT_EQ(said.find(encoded), std::string::npos) << secret["metadata"]["name"] << " " << key;
            EXPECT_EQ(said.find(support::run({"base64", "-d"}, encoded).output), std::string::npos) << secret["metadata"]["name"];
        }
    }
}

}  // namespace
}  // namespace apiserver
