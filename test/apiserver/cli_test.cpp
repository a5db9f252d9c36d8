// The commands that work on a file, as someone at a terminal runs them.
#include <gmock/gmock.h>

#include <regex>

#include "command.h"
#include "support/paths.h"

namespace apiserver {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr const char* kSamples[] = {"minimal", "development", "staging", "production", "external-data"};

std::string sample_file(const std::string& name) {
    return support::in_checkout("samples/" + name + ".yaml");
}

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

TEST_P(CliOfSample, ReportsWhatItPromises) {
    const support::Finished text = run_operator({"report", "-f", sample_file(GetParam())});
    EXPECT_EQ(text.status, 0) << text.output;
    EXPECT_THAT(text.output, AllOf(HasSubstr("from " + sample_file(GetParam()) + "\n"), HasSubstr("Redundancy")));
    // The page shows the file's name, which can be longer than a telephone is wide.
    std::string way;
    for (int i = 0; i < 40; ++i) way += "./";
    const support::Finished page = run_operator({"report", "-f", sample_file(way + GetParam()), "--html"});
    EXPECT_EQ(page.status, 0);
    EXPECT_EQ(seen_in_a_browser(page.output), "");
}

std::string name_of(const testing::TestParamInfo<const char*>& sample) {
    return std::regex_replace(std::string(sample.param), std::regex("-"), "_");
}

INSTANTIATE_TEST_SUITE_P(Samples, CliOfSample, testing::ValuesIn(kSamples), name_of);

class CliOutput : public OperatorTest, public testing::WithParamInterface<const char*> {};

TEST_P(CliOutput, IsTakenByTheServerWithoutAWarning) {
    const support::Finished labelled = kubectl(
        {"label", "namespace", ns_, "pod-security.kubernetes.io/warn=restricted", "pod-security.kubernetes.io/audit=restricted"});
    ASSERT_EQ(labelled.status, 0) << labelled.output;
    // A node port is there once in a cluster that other tests use as well.
    Json platform = sample(GetParam());
    if (platform["spec"].contains("ingress")) platform["spec"]["ingress"].erase("nodePort");
    const File file(platform.dump());
    const support::Finished rendered = run_operator({"render", "--generate-secrets", "--without", "gateway.networking.k8s.io",
                                                     "--without", "monitoring.coreos.com", "-f", file.path()});
    ASSERT_EQ(rendered.status, 0) << rendered.output;
    const File objects(rendered.output);
    const support::Finished applied =
        kubectl({"apply", "--server-side", "--validate=strict", "--dry-run=server", "-f", objects.path()});
    EXPECT_EQ(applied.status, 0) << applied.output;
    for (const std::string& line : lines_of(applied.output))
        EXPECT_TRUE(line.ends_with("serverside-applied (server dry run)")) << line;
    EXPECT_GT(lines_of(applied.output).size(), 30U);
}

INSTANTIATE_TEST_SUITE_P(Samples, CliOutput, testing::ValuesIn(kSamples), name_of);

TEST_F(Cli, RendersNoSecretUnlessAsked) {
    const std::string output = run_operator({"render", "-f", sample_file("minimal")}).output;
    EXPECT_THAT(output, Not(HasSubstr("kind: Secret\n")));
    EXPECT_THAT(lines_of(output), AllOf(Contains("# Generated Secrets are left out (--generate-secrets adds fresh ones):"),
                                        Contains("#   shop-root-key"), Contains("#   shop-postgres")));
}

// "NAME/KEY" of each value in the Secrets of a rendered text.
std::map<std::string, std::string> secret_values(const std::string& rendered) {
    std::map<std::string, std::string> values;
    for (const Json& object : objects_in(rendered)) {
        if (object.at("kind") != "Secret") continue;
        const std::string name = object.at("metadata").at("name");
        for (const auto& [key, value] : object.at("data").items()) {
            std::string place = name;
            place.append("/").append(key);
            values[place] = value;
        }
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
    EXPECT_THAT(said.output, HasSubstr("--without gateway.networking: no such optional API group; there are: autoscaling.k8s.io "
                                       "gateway.networking.k8s.io monitoring.coreos.com"));
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

}  // namespace
}  // namespace apiserver
