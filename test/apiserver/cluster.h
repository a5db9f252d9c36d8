// What the tests against a real API server share: the cluster, a namespace for each test, and the operator as a process.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/eventually.h"
#include "support/process.h"

namespace apiserver {

using Json = nlohmann::json;
using std::chrono_literals::operator""s;

// This build's operator, or the one that ECP_TEST_OPERATOR names: the same tests with another build of it.
std::string operator_program();

// The cluster that hack/cluster keeps for the tests.
class Cluster {
public:
    static const Cluster& get();
    ~Cluster();

    const std::string& kubeconfig() const { return kubeconfig_; }
    const std::string& audit_log() const { return audit_log_; }
    const std::string& scratch() const { return scratch_; }  // A folder for logs and files of this test program.

    // kubectl with these arguments.
    support::Finished kubectl(std::vector<std::string> arguments, const std::string& input = "") const;
    // The object, or nothing where there is none. The kind as kubectl knows it: "deployment", "deployment.apps", "hpa". Asked for
    // with the operator's client, as kubectl takes 65 ms of processor to start, and tests that wait ask often.
    std::optional<Json> find(const std::string& kind, const std::string& name, const std::string& ns) const;

private:
    struct Connection;

    Cluster();

    std::string kubeconfig_;
    std::string audit_log_;
    std::string kubectl_;
    std::string scratch_;
    std::unique_ptr<Connection> connection_;
};

using support::eventually;

// A namespace with Pod Security "restricted" enforced, and in it one operator that watches nothing else. Both go with it.
class Operated {
public:
    Operated();
    ~Operated();
    Operated(const Operated&) = delete;
    Operated& operator=(const Operated&) = delete;

    const std::string& ns() const { return ns_; }

    void use_kubeconfig(std::string path) { kubeconfig_ = std::move(path); }  // For operators that start from now on.
    void start_operator(std::vector<std::string> more_arguments = {});
    void stop_operator(int signal_number);
    support::Background& operator_process() { return *operator_; }
    std::unique_ptr<support::Background> release_operator() { return std::move(operator_); }
    std::string operator_log() const;
    void print_state() const;  // For a test that failed.

    support::Finished kubectl(std::vector<std::string> arguments, const std::string& input = "") const;  // In the namespace.
    std::optional<Json> find(const std::string& kind, const std::string& name) const;
    Json get(const std::string& kind, const std::string& name) const;  // Fails the test where there is none.

    // A sample with its namespace changed to the test's; its `spec` merged with `patch`.
    Json sample(const std::string& name, const Json& patch = nullptr) const;
    void apply(const Json& object) const;          // Fails the test if the API server refuses or warns.
    void patch_platform(const Json& patch) const;  // Merge patch of the platform "shop".
    // Whether the platform "shop" becomes Ready, and then whether nothing of it moves any more: of its latest generation.
    bool ready(std::chrono::seconds limit = 120s) const;
    bool settled() const;
    Json promise(const std::string& name) const;  // The first of its promises with that name; {}: there is none yet.
    // Whether that promise comes to have the status ("True") and, somewhere in it, the words.
    bool says(const std::string& promised, const std::string& status, const std::string& words = "") const;

    // Names of what carries the platform's label: "deployment/shop-catalog".
    std::vector<std::string> children(const std::string& kinds) const;

protected:
    std::string ns_;
    std::unique_ptr<support::Background> operator_;
    std::string operator_log_file_;
    std::string kubeconfig_ = Cluster::get().kubeconfig();

private:
    bool becomes(const std::string& type, const std::string& status, std::chrono::seconds limit) const;
};

// For tests of which each needs an operator and a namespace of its own.
class OperatorTest : public testing::Test, public Operated {
protected:
    void TearDown() override {
        if (HasFailure()) print_state();
    }
};

// For tests that share one production platform, since making it takes longer than they do.
class SharedShopTest : public testing::Test {
protected:
    static void SetUpTestSuite();
    static void TearDownTestSuite();
    void SetUp() override;
    void TearDown() override;

    static Operated& shop() { return *shop_; }

private:
    static std::unique_ptr<Operated> shop_;
};

// The condition's status ("True"), or its reason, or ""; `what` names the field.
std::string condition(const Json& platform, const std::string& type, const std::string& what = "status");

inline constexpr const char* kAllKinds =
    "deployments,statefulsets,services,horizontalpodautoscalers,poddisruptionbudgets,networkpolicies,secrets,configmaps,"
    "serviceaccounts,ingresses,jobs,rolebindings,resourcequotas,limitranges";

inline constexpr const char* kAllOutside = "priorityclasses,validatingadmissionpolicies,validatingadmissionpolicybindings";

}  // namespace apiserver
