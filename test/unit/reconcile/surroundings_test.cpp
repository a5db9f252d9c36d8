#include "reconcile/surroundings.h"

#include <gtest/gtest.h>

namespace reconcile {
namespace {

using std::chrono_literals::operator""s;

kube::Json running_pod() {
    return kube::Json::parse(R"({
      "metadata": {"name": "shop-user-1", "namespace": "shop", "labels": {
        "ecommerceplatform.io/platform": "shop", "app.kubernetes.io/component": "user", "app.kubernetes.io/version": "1.0.0"},
        "annotations": {"prometheus.io/scrape": "true"}},
      "spec": {"nodeName": "node-a", "containers": [{"name": "user", "resources": {
        "requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9090}]}]},
      "status": {"phase": "Running", "qosClass": "Guaranteed", "podIP": "10.0.0.7"}})");
}

TEST(PodFacts, SayWhereItRunsAndWhatBindsIt) {
    const PodFacts facts = pod_facts_from(running_pod());
    EXPECT_EQ(facts, (PodFacts{.platform = {"shop", "shop"},
                               .component = "user",
                               .version = "1.0.0",
                               .node = "node-a",
                               .runs = true,
                               .best_effort = false,
                               .bounded = true,
                               .asked = {1000, std::int64_t{1000} << 30},
                               .scraped = true,
                               .shipped = false,
                               .address = "10.0.0.7",
                               .metrics_port = 9090}));
}

TEST(PodFacts, DoNotTakeOneThatGoesForOneThatRuns) {
    kube::Json pod = running_pod();
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    EXPECT_FALSE(pod_facts_from(pod).runs);
    pod = running_pod();
    pod["status"]["phase"] = "Pending";
    EXPECT_FALSE(pod_facts_from(pod).runs);
}

TEST(PodFacts, TakeOneContainerWithoutALimitForAPodWithout) {
    kube::Json pod = running_pod();
    kube::Json sidecar = pod["spec"]["containers"][0];
    sidecar["resources"]["limits"].erase("memory");
    pod["spec"]["containers"].push_back(sidecar);
    EXPECT_FALSE(pod_facts_from(pod).bounded);
}

TEST(PodFacts, SayWhetherALogAgentRunsBesideTheService) {
    kube::Json pod = running_pod();
    EXPECT_FALSE(pod_facts_from(pod).shipped);
    kube::Json sidecar = pod["spec"]["containers"][0];
    sidecar["name"] = "fluent-bit";
    pod["spec"]["initContainers"] = kube::Json::array({sidecar});
    EXPECT_TRUE(pod_facts_from(pod).shipped);
    const auto with_state = [&](const kube::Json& state) {
        pod["status"]["initContainerStatuses"] = kube::Json::array({{{"name", "fluent-bit"}, {"state", state}}});
        return pod_facts_from(pod);
    };
    EXPECT_TRUE(with_state({{"running", {{"startedAt", "2026-01-01T00:00:00Z"}}}}).shipped);
    EXPECT_FALSE(with_state({{"waiting", {{"reason", "CrashLoopBackOff"}}}}).shipped);
    pod["spec"]["initContainers"][0]["resources"].erase("limits");
    EXPECT_FALSE(pod_facts_from(pod).bounded);
}

TEST(PodFacts, AreOfThePlatformInAnotherNamespaceWhereItIsALogAgent) {
    kube::Json pod = running_pod();
    pod["metadata"]["labels"]["ecommerceplatform.io/namespace"] = "other";
    EXPECT_EQ(pod_facts_from(pod).platform, (kube::Key{"shop", "shop"})) << "anybody may label a pod";
    pod["metadata"]["labels"]["app.kubernetes.io/component"] = "fluent-bit";
    EXPECT_EQ(pod_facts_from(pod).platform, (kube::Key{"other", "shop"}));
}

TEST(PodFacts, KeepTheLabelsThatNotEveryTemplateHas) {
    kube::Json pod = running_pod();
    pod["metadata"]["labels"]["pod-template-hash"] = "1a";
    EXPECT_EQ(pod_facts_from(pod).labels, R"({"pod-template-hash":"1a"})");
    EXPECT_EQ(pod_facts_from(running_pod()).labels, "");
}

TEST(PodFacts, SayWhetherItIsReadyAndNotSinceWhen) {
    kube::Json pod = running_pod();
    pod["status"]["conditions"] = kube::Json::array({{{"type", "Ready"}, {"status", "False"}}});
    EXPECT_EQ(pod_facts_from(pod), pod_facts_from(running_pod()));
    pod["status"]["conditions"][0] = {{"type", "Ready"}, {"status", "True"}, {"lastTransitionTime", "2026-01-01T00:00:00Z"}};
    const PodFacts ready = pod_facts_from(pod);
    EXPECT_TRUE(ready.ready);
    pod["status"]["conditions"][0]["lastTransitionTime"] = "2026-01-02T00:00:00Z";
    EXPECT_EQ(pod_facts_from(pod), ready);
}

TEST(PodFacts, SayWhyItIsNotScheduled) {
    kube::Json pod = running_pod();
    kube::Json scheduled{{"type", "PodScheduled"}, {"status", "False"}, {"reason", "Unschedulable"}};
    const auto trouble = [&](const char* message) {
        scheduled["message"] = message;
        pod["status"] = {{"phase", "Pending"}, {"conditions", kube::Json::array({scheduled})}};
        return pod_facts_from(pod).trouble;
    };
    EXPECT_EQ(trouble("0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No victims."),
              "Unschedulable: no node is available: Insufficient cpu");
    EXPECT_EQ(trouble("0/5 nodes are available: 2 Insufficient memory, 3 Insufficient cpu."),
              "Unschedulable: no node is available: Insufficient cpu, Insufficient memory");
    EXPECT_EQ(trouble("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found."),
              "Unschedulable: no node is available: pod has unbound immediate PersistentVolumeClaims");
    EXPECT_EQ(trouble("running PreFilter plugins failed"), "Unschedulable: running PreFilter plugins failed");
    EXPECT_EQ(trouble("0/2 nodes are available: "), "Unschedulable: no node is available: ");
    EXPECT_EQ(trouble("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."),
              "Unschedulable: no node is available: node(s) had untolerated taint {node.kubernetes.io/not-ready: }");
    scheduled["reason"] = "SchedulerError";
    EXPECT_EQ(trouble("it is tried again"), "");
}

TEST(PodFacts, SayInTheSameWordsThatAnImageIsMissingWhileItIsTriedAgain) {
    kube::Json pod = running_pod();
    pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] = "shop-migration-user";
    const auto trouble = [&](const char* reason, const char* message) {
        pod["status"] = {
            {"phase", "Pending"},
            {"containerStatuses", kube::Json::array({{{"image", "user:9.9.9"},
                                                      {"state", {{"waiting", {{"reason", reason}, {"message", message}}}}}}})}};
        return pod_facts_from(pod).trouble;
    };
    EXPECT_EQ(trouble("ErrImagePull", "not found"), "ImagePullBackOff: user:9.9.9 can't be pulled");
    EXPECT_EQ(trouble("ImagePullBackOff", "Back-off pulling image"), "ImagePullBackOff: user:9.9.9 can't be pulled");
    EXPECT_EQ(trouble("CreateContainerConfigError", "secret \"x\" not found"),
              "CreateContainerConfigError: secret \"x\" not found");
    EXPECT_EQ(trouble("ContainerCreating", ""), "");
    EXPECT_EQ(trouble("CrashLoopBackOff", "back-off 10s"), "") << "its first restart";
    EXPECT_EQ(pod_facts_from(pod).job, "shop-migration-user");
    trouble("ErrImagePull", "");
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    EXPECT_EQ(pod_facts_from(pod).trouble, "");
}

TEST(PodFacts, SaySinceWhenItIsNotReady) {
    kube::Json pod = running_pod();
    const auto since = [&] {
        const auto time = pod_facts_from(pod).not_ready_since;
        return time ? base::rfc3339(*time) : "";
    };
    EXPECT_EQ(since(), "");
    pod["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z";
    EXPECT_EQ(since(), "2026-01-01T00:00:00Z");
    kube::Json& conditions = pod["status"]["conditions"];
    conditions[0] = {{"type", "PodScheduled"}, {"status", "False"}, {"lastTransitionTime", "2026-01-01T00:01:00Z"}};
    EXPECT_EQ(since(), "2026-01-01T00:01:00Z");
    conditions[1] = {{"type", "Ready"}, {"status", "False"}, {"lastTransitionTime", "2026-01-01T00:02:00Z"}};
    EXPECT_EQ(since(), "2026-01-01T00:02:00Z");
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:03:00Z";
    EXPECT_EQ(since(), "2026-01-01T00:02:00Z") << "a StatefulSet waits for it all the same";
    pod["status"]["phase"] = "Succeeded";
    EXPECT_EQ(since(), "");
    pod["status"]["phase"] = "Running";
    conditions[1]["status"] = "True";
    EXPECT_EQ(since(), "");
}

TEST(PodFacts, GetWorseByThePassingOfTime) {
    const base::WallTime since = base::wall_time_from("2026-01-01T00:00:00Z");
    const auto trouble = [&](const PodFacts& facts, std::chrono::seconds later) {
        const Trouble found = trouble_of({"shop", "shop-redis-0"}, facts, since + later);
        return found.words + (found.passing ? " for now" : "");
    };
    PodFacts facts;
    facts.component = "redis";
    facts.not_ready_since = since;
    EXPECT_EQ(trouble(facts, 299s), "");
    EXPECT_EQ(trouble(facts, 300s), "shop-redis-0 has not been ready for 5 minutes");
    facts.trouble = "Unschedulable: no node is available: Insufficient cpu";
    facts.without_node = true;
    EXPECT_EQ(trouble(facts, 299s), facts.trouble + " for now");
    EXPECT_EQ(trouble(facts, 300s), facts.trouble);
    facts.trouble = "ImagePullBackOff: redis:8 can't be pulled";
    facts.without_node = false;
    EXPECT_EQ(trouble(facts, 0s), facts.trouble);
    facts.trouble.clear();
    facts.component = "order";
    EXPECT_EQ(trouble(facts, 300s), "") << "its Deployment tells";
    facts.component = "end-to-end";
    facts.job = "shop-end-to-end";
    EXPECT_EQ(trouble(facts, 300s), "") << "it is not to get ready";
}

TEST(PodFacts, SayWhichContainerEndsAgainAndAgain) {
    kube::Json pod = running_pod();
    pod["status"]["conditions"] =
        kube::Json::array({{{"type", "Ready"}, {"status", "False"}, {"lastTransitionTime", "2026-01-01T00:00:00Z"}}});
    kube::Json& container = pod["status"]["containerStatuses"][0];
    container = {{"name", "redis"}, {"ready", false}, {"restartCount", 2}};
    container["lastState"]["terminated"] = {{"exitCode", 1}, {"reason", "Error"}};
    const std::string words = "CrashLoopBackOff: redis ends again and again, last with exit code 1";
    container["state"]["waiting"]["reason"] = "CrashLoopBackOff";
    EXPECT_EQ(pod_facts_from(pod).trouble, words);
    container["state"] = {{"running", {{"startedAt", "2026-01-01T00:00:00Z"}}}};
    EXPECT_EQ(pod_facts_from(pod).trouble, words) << "for a moment";
    container["state"] = {{"terminated", {{"exitCode", 137}, {"reason", "OOMKilled"}}}};
    EXPECT_EQ(pod_facts_from(pod).trouble, "CrashLoopBackOff: redis ends again and again, last with exit code 137 (OOMKilled)");
    container["state"] = {{"running", {{"startedAt", "2025-12-31T00:00:00Z"}}}};
    EXPECT_EQ(pod_facts_from(pod).trouble, "") << "it was ready since";
    container["state"] = {{"running", {{"startedAt", "2026-01-01T00:00:00Z"}}}};
    container["ready"] = true;
    EXPECT_EQ(pod_facts_from(pod).trouble, "");
    EXPECT_TRUE(pod_facts_from(pod).restarts) << "it may well end once more";
    container["ready"] = false;
    container["restartCount"] = 1;
    EXPECT_EQ(pod_facts_from(pod).trouble, "");
    EXPECT_FALSE(pod_facts_from(pod).restarts);
    container["restartCount"] = 2;
    EXPECT_EQ(pod_facts_from(pod).trouble, words);
    kube::Json& sidecars = pod["status"]["initContainerStatuses"];
    sidecars.swap(pod["status"]["containerStatuses"]);
    sidecars[0]["name"] = "fluent-bit";
    EXPECT_EQ(pod_facts_from(pod).trouble, "") << "the pod comes up without it";
    sidecars.swap(pod["status"]["containerStatuses"]);
    EXPECT_NE(pod_facts_from(pod).trouble, "") << "it is the agent of a node";
    pod["status"]["phase"] = "Failed";
    EXPECT_EQ(pod_facts_from(pod).trouble, "") << "another takes its place";
}

TEST(NodeFacts, AreItsZoneAndWhetherItIsASpotNode) {
    const kube::Json node = kube::Json::parse(
        R"({"metadata": {"name": "node-a", "labels": {"topology.kubernetes.io/zone": "a", "node-type": "spot"}}})");
    EXPECT_EQ(node_from(node), (quality::Node{"a", true}));
    EXPECT_EQ(node_from(kube::Json::parse(R"({"metadata": {"name": "node-b"}})")), (quality::Node{"", false}));
}

TEST(NamespaceFacts, AreTheLevelOfPodSecurity) {
    const kube::Json ns =
        kube::Json::parse(R"({"metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})");
    EXPECT_EQ(pod_security_of(ns), (Enforced{"restricted", ""}));
    EXPECT_EQ(pod_security_of(kube::Json::parse(R"({"metadata": {"name": "shop"}})")), (Enforced{"", ""}));
    kube::Json old = ns;
    old["metadata"]["labels"]["pod-security.kubernetes.io/enforce-version"] = "v1.10";
    EXPECT_EQ(pod_security_of(old), (Enforced{"restricted", "v1.10"}));
}

}  // namespace
}  // namespace reconcile
