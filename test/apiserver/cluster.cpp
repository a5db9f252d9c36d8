#include "cluster.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <variant>

#include "api/document.h"
#include "client/client.h"
#include "client/config.h"
#include "kube/kind.h"
#include "kube/object.h"
#include "support/paths.h"

namespace apiserver {

namespace {

// "export NAME='value'" lines of hack/cluster env.
std::string variable(const std::string& text, const std::string& name) {
    const support::Finished echoed = support::run({"bash", "-c", "eval \"$1\"; printf %s \"${!2}\"", "bash", text, name});
    return echoed.output;
}

// Throws where no test needed it so far.
const kube::Kind& kind_of(const std::string& word) {
    static const std::map<std::string, std::string> kShort{
        {"crd", "customresourcedefinition"}, {"ecp", "ecommerceplatform"}, {"hpa", "horizontalpodautoscaler"},
        {"pdb", "poddisruptionbudget"},      {"quota", "resourcequota"},   {"vpa", "verticalpodautoscaler"},
    };
    static const std::vector<kube::Kind> kinds = [] {
        std::vector<kube::Kind> all = kube::child_kinds();
        all.insert(all.end(),
                   {kube::kPlatform, kube::kPod, kube::kPersistentVolumeClaim, kube::kLease, kube::kCustomResourceDefinition});
        return all;
    }();
    std::string singular = word.substr(0, word.find('.'));
    if (const auto found = kShort.find(singular); found != kShort.end()) singular = found->second;
    for (const kube::Kind& kind : kinds) {
        if (std::ranges::equal(kind.name, singular, {}, [](char letter) { return std::tolower(letter); })) return kind;
    }
    throw std::invalid_argument("the tests know no kind " + word);
}

std::string unique_namespace() {
    static std::atomic<int> count{0};
    return "t" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

}  // namespace

struct Cluster::Connection {
    explicit Connection(client::Config config) : client(io, std::move(config), nullptr) {}

    boost::asio::io_context io{1};
    client::Client client;
};

std::string operator_program() {
    const char* other = std::getenv("ECP_TEST_OPERATOR");
    return other != nullptr ? other : support::in_build("bin/ecommerce-operator");
}

const Cluster& Cluster::get() {
    static const Cluster cluster;
    return cluster;
}

Cluster::Cluster() {
    const char* name = std::getenv("ECP_TEST_CLUSTER");  // As test/apiserver/cluster-up has it.
    const support::Finished env =
        support::run({support::in_checkout("hack/cluster"), "env", "--name", name != nullptr ? name : "test"});
    if (env.status != 0) throw std::runtime_error("hack/cluster env: " + env.output);
    kubeconfig_ = variable(env.output, "KUBECONFIG");
    audit_log_ = variable(env.output, "ECP_AUDIT_LOG");
    kubectl_ = variable(env.output, "ECP_KUBECTL");
    scratch_ = support::in_build("apiserver-logs");
    std::filesystem::create_directories(scratch_);
    client::Config config = client::load_config(kubeconfig_, "");
    config.user_agent = "apiserver-tests";  // QuietRequests counts the operator's requests by theirs.
    connection_ = std::make_unique<Connection>(std::move(config));
}

Cluster::~Cluster() = default;

support::Finished Cluster::kubectl(std::vector<std::string> arguments, const std::string& input) const {
    std::vector<std::string> command{kubectl_, "--kubeconfig", kubeconfig_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return support::run(command, input);
}

std::optional<Json> Cluster::find(const std::string& kind, const std::string& name, const std::string& ns) const {
    const kube::Kind& known = kind_of(kind);
    std::exception_ptr failure;
    std::optional<Json> found;
    boost::asio::co_spawn(connection_->io, connection_->client.get(known, {known.namespaced ? ns : "", name}),
                          [&](std::exception_ptr error, std::optional<Json> object) {
                              failure = std::move(error);
                              found = std::move(object);
                              connection_->io.stop();
                          });
    connection_->io.restart();
    connection_->io.run();
    if (failure) std::rethrow_exception(failure);
    return found;
}

Operated::Operated() : ns_(unique_namespace()) {
    const Json object{{"apiVersion", "v1"},
                      {"kind", "Namespace"},
                      {"metadata", {{"name", ns_}, {"labels", {{"pod-security.kubernetes.io/enforce", "restricted"}}}}}};
    const support::Finished created = Cluster::get().kubectl({"create", "-f", "-"}, object.dump());
    EXPECT_EQ(created.status, 0) << created.output;
    operator_log_file_ = Cluster::get().scratch() + "/" + ns_ + ".log";
}

// Asks for the namespace's deletion and does not wait: pods take their time.
Operated::~Operated() {
    kubectl({"delete", "ecommerceplatforms", "--all", "--timeout=20s"});
    operator_.reset();
    Cluster::get().kubectl({"delete", kAllOutside, "-l", "ecommerceplatform.io/namespace=" + ns_});
    Cluster::get().kubectl({"delete", "namespace", ns_, "--wait=false"});
}

void Operated::print_state() const {
    std::cerr << "---- operator log of " << ns_ << "\n" << operator_log();
    std::cerr << kubectl({"get", "ecommerceplatforms,deployments,statefulsets,hpa,events"}).output;
    std::cerr << kubectl({"get", "ecommerceplatforms", "-o", "yaml"}).output;
}

void Operated::start_operator(std::vector<std::string> more_arguments) {
    std::vector<std::string> command{operator_program(),  "run", "--kubeconfig", kubeconfig_,  "--watch-namespace", ns_,
                                     "--lease-namespace", ns_,   "--listen",     "127.0.0.1:0"};
    command.insert(command.end(), more_arguments.begin(), more_arguments.end());
    operator_ = std::make_unique<support::Background>(command, operator_log_file_);
}

void Operated::stop_operator(int signal_number) {
    operator_->signal(signal_number);
    const int status = operator_->wait();
    EXPECT_EQ(status, signal_number == SIGTERM ? 0 : 128 + signal_number) << operator_log();
    operator_.reset();
}

std::string Operated::operator_log() const {
    return std::filesystem::exists(operator_log_file_) ? support::read_file(operator_log_file_) : "";
}

support::Finished Operated::kubectl(std::vector<std::string> arguments, const std::string& input) const {
    arguments.insert(arguments.begin(), {"-n", ns_});
    return Cluster::get().kubectl(arguments, input);
}

std::optional<Json> Operated::find(const std::string& kind, const std::string& name) const {
    return Cluster::get().find(kind, name, ns_);
}

Json Operated::get(const std::string& kind, const std::string& name) const {
    std::optional<Json> found = find(kind, name);
    EXPECT_TRUE(found) << kind << " " << name << " does not exist";
    return found ? *found : Json();
}

Json Operated::sample(const std::string& name, const Json& patch) const {
    const auto read = api::read_document(support::read_file(support::in_checkout("samples/" + name + ".yaml")));
    Json document = std::get<Json>(read);
    document["metadata"]["namespace"] = ns_;
    // A node port is the whole cluster's, and other tests use the sample at the same time.
    if (Json& spec = document["spec"]; spec.contains("ingress")) spec["ingress"].erase("nodePort");
    if (!patch.is_null()) document.merge_patch(patch);
    return document;
}

void Operated::apply(const Json& object) const {
    const support::Finished applied = kubectl({"apply", "--server-side", "--validate=strict", "-f", "-"}, object.dump());
    EXPECT_EQ(applied.status, 0) << applied.output;
    EXPECT_EQ(applied.output.find("Warning"), std::string::npos) << applied.output;
}

void Operated::patch_platform(const Json& patch) const {
    const support::Finished patched = kubectl({"patch", "ecp", "shop", "--type=merge", "-p", patch.dump()});
    EXPECT_EQ(patched.status, 0) << patched.output;
}

bool Operated::becomes(const std::string& type, const std::string& status, std::chrono::seconds limit) const {
    return eventually(
        [&] {
            const Json platform = get("ecp", "shop");
            return kube::at(platform, {"status", "observedGeneration"}) == platform["metadata"]["generation"] &&
                   condition(platform, type) == status;
        },
        limit);
}

bool Operated::ready(std::chrono::seconds limit) const {
    return becomes("Ready", "True", limit);
}

bool Operated::settled() const {
    return becomes("Reconciling", "False", 120s);
}

Json Operated::promise(const std::string& name) const {
    const Json platform = get("ecp", "shop");
    for (const Json& each : kube::at(platform, {"status", "promises"})) {
        if (each["name"] == name) return each;
    }
    return Json::object();
}

bool Operated::says(const std::string& promised, const std::string& status, const std::string& words) const {
    return eventually([&] {
        const Json said = promise(promised);
        return said.value("status", "") == status && said.dump().find(words) != std::string::npos;
    });
}

std::vector<std::string> Operated::children(const std::string& kinds) const {
    const support::Finished got = kubectl({"get", kinds, "-l", "ecommerceplatform.io/platform=shop", "-o", "name"});
    EXPECT_EQ(got.status, 0) << got.output;
    std::vector<std::string> names;
    std::istringstream lines(got.output);
    for (std::string line; std::getline(lines, line);) names.push_back(line);
    return names;
}

std::unique_ptr<Operated> SharedShopTest::shop_;

void SharedShopTest::SetUpTestSuite() {
    shop_ = std::make_unique<Operated>();
    shop_->start_operator();
    shop_->apply(shop_->sample("production"));
}

void SharedShopTest::TearDownTestSuite() {
    shop_.reset();
}

// Each test begins with the platform as the sample declares it, whatever the one before did to it.
void SharedShopTest::SetUp() {
    const support::Finished replaced =
        shop_->kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, shop_->sample("production").dump());
    ASSERT_EQ(replaced.status, 0) << replaced.output;
    ASSERT_TRUE(shop_->ready());
    ASSERT_TRUE(shop_->settled());
}

void SharedShopTest::TearDown() {
    if (HasFailure()) shop_->print_state();
}

std::string condition(const Json& platform, const std::string& type, const std::string& what) {
    if (!platform.contains("status")) return "";
    for (const Json& each : platform.at("status").value("conditions", Json::array())) {
        if (each.value("type", "") == type) return each.value(what, "");
    }
    return "";
}

}  // namespace apiserver
