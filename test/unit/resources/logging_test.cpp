// The Fluent Bit on each node: whose logs it takes, what it may, and what it is told.
#include <gmock/gmock.h>

#include <regex>

#include "api/document.h"
#include "platforms.h"
#include "resources/endpoint.h"

namespace {

using kube::Json;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

api::Platform with_agent(const std::string& endpoint = "http://otel-collector.logging:4318") {
    api::Platform platform = test::production();
    platform.spec.logging = {api::LogAgent::DaemonSet, endpoint, "logging"};
    return platform;
}

kube::Object agent_of(const api::Platform& platform) {
    const kube::Objects found = test::of_kind(test::objects_of(platform), kube::kDaemonSet);
    EXPECT_EQ(found.size(), 1);
    return found.at(0);
}

Json told(const api::Platform& platform) {
    const Json annotations = kube::at(agent_of(platform).json, {"spec", "template", "metadata", "annotations"});
    return std::get<Json>(api::read_document(annotations.at(std::string(api::kFluentBitAnnotation)).get<std::string>()));
}

Json output_to(const std::string& endpoint) {
    return told(with_agent(endpoint))["pipeline"]["outputs"][0];
}

// What is set for a resource's attribute, by the steps of an input.
Json resource(const Json& input) {
    Json attributes = Json::object();
    for (const Json& step : input["processors"]["logs"]) {
        if (step.value("context", "") == "otel_resource_attributes") attributes[step["key"]] = step["value"];
    }
    return attributes;
}

TEST(LogAgent, IsNoneWhereNobodyAsks) {
    EXPECT_THAT(test::of_kind(test::objects_of(test::production()), kube::kDaemonSet), IsEmpty());
}

TEST(LogAgent, LivesElsewhereAndSaysWhoseItIs) {
    const kube::Object agent = agent_of(with_agent());
    EXPECT_EQ(agent.key(), (kube::Key{"logging", "shop.shop-fluent-bit"}));
    EXPECT_FALSE(agent.json["metadata"].contains("ownerReferences")) << "an owner must be of the same namespace";
    EXPECT_EQ(kube::label_of(agent.json, api::kPlatformLabel), "shop");
    EXPECT_EQ(kube::label_of(agent.json, api::kNamespaceLabel), "shop");
    const Json labels = kube::at(agent.json, {"spec", "template", "metadata", "labels"});
    const Json selector = agent.json["spec"]["selector"]["matchLabels"];
    EXPECT_EQ(selector.size(), 2);
    for (const auto& [name, value] : selector.items()) EXPECT_EQ(labels.at(name), value);
    api::Platform other = with_agent();
    other.key.ns = "other";
    EXPECT_NE(agent_of(other).key(), agent.key());
    EXPECT_NE(agent_of(other).json["spec"]["selector"], agent.json["spec"]["selector"])
        << "else each would take the other's pods";
}

TEST(LogAgent, SeesNothingOfTheNodeButLogsAndItsOwnState) {
    const kube::Object agent = agent_of(with_agent());
    std::vector<std::string> folders;
    const Json pod = test::pod_of(agent);
    for (const Json& volume : pod["volumes"]) {
        if (volume.contains("hostPath")) folders.push_back(volume["hostPath"]["path"]);
    }
    EXPECT_THAT(folders, testing::ElementsAre("/var/log/pods", "/var/lib/ecommerceplatform/shop.shop-fluent-bit"));
    const Json container = test::container_of(agent);
    EXPECT_THAT(container["volumeMounts"],
                Contains((Json{{"name", "logs"}, {"mountPath", "/var/log/pods"}, {"readOnly", true}})));
    EXPECT_EQ(container["securityContext"], (Json{{"allowPrivilegeEscalation", false},
                                                  {"readOnlyRootFilesystem", true},
                                                  {"capabilities", {{"drop", Json::array({"ALL"})}}}}));
    EXPECT_EQ(pod["automountServiceAccountToken"], false);
    EXPECT_FALSE(pod.contains("serviceAccountName")) << "the platform's accounts are not in that namespace";
    EXPECT_FALSE(pod.contains("imagePullSecrets")) << "nor its Secrets";
    EXPECT_FALSE(pod.contains("hostNetwork"));
}

TEST(LogAgent, RunsWhereverPodsOfThePlatformMayBe) {
    EXPECT_FALSE(test::pod_of(agent_of(with_agent())).contains("tolerations"));
    api::Platform on_spot = with_agent();
    on_spot.spec.spot_components = {"catalog"};
    EXPECT_EQ(test::pod_of(agent_of(on_spot))["tolerations"][0]["key"], "spot-instance");
    EXPECT_FALSE(test::pod_of(agent_of(on_spot)).contains("affinity"));
    EXPECT_EQ(test::pod_of(agent_of(on_spot))["priorityClassName"], "shop.shop-services");
}

// The folder of a pod's logs is NAMESPACE_POD_UID. A glob has no other special characters than these names may not have.
TEST(LogAgent, TakesTheLogsOfEachComponentAndOfNoOtherPlatform) {
    const Json inputs = told(with_agent())["pipeline"]["inputs"];
    const auto taken = [&](const std::string& path) {
        return std::ranges::count_if(inputs, [&](const Json& input) {
            std::string pattern = std::regex_replace(input["path"].get<std::string>(), std::regex("\\."), "\\.");
            pattern = std::regex_replace(pattern, std::regex("\\*"), "[^/]*");
            return std::regex_match(path, std::regex(pattern));
        });
    };
    for (const kube::Object& workload : test::workloads(test::objects_of(with_agent()))) {
        const std::string container = test::container_of(workload)["name"];
        EXPECT_EQ(taken("/var/log/pods/shop_" + workload.key().name + "-7d9f-x2x_0a1b-2c/" + container + "/0.log"), 1)
            << container;
    }
    EXPECT_EQ(taken("/var/log/pods/shop_shop-migration-user-1_0a/migration/0.log"), 1);
    EXPECT_EQ(taken("/var/log/pods/other_shop-user-1_0a/user/0.log"), 0) << "another namespace";
    EXPECT_EQ(taken("/var/log/pods/my-shop_shop-user-1_0a/user/0.log"), 0) << "one that ends like ours";
    EXPECT_EQ(taken("/var/log/pods/shop_boutique-user-1_0a/user/0.log"), 0) << "somebody else's pod";
    EXPECT_EQ(taken("/var/log/pods/shop_shop-user-1_0a/user/0.log.20260101-000000.gz"), 0);
    EXPECT_EQ(taken("/var/log/pods/shop_shop-user-1_0a/user/../../kube-system_x_1/x/0.log"), 0);
}

TEST(LogAgent, NamesWhatItReadsAsTracesDo) {
    const Json inputs = told(with_agent())["pipeline"]["inputs"];
    const auto catalog = std::ranges::find(inputs, "catalog", [](const Json& input) { return input["tag"].get<std::string>(); });
    ASSERT_NE(catalog, inputs.end());
    EXPECT_EQ(resource(*catalog), (Json{{"service.name", "catalog-service"},
                                        {"service.namespace", "shop"},
                                        {"k8s.namespace.name", "shop"},
                                        {"k8s.container.name", "catalog"}}));
    EXPECT_EQ((*catalog)["multiline.parser"], "cri");
    std::vector<std::string> states;
    for (const Json& input : inputs) states.push_back(input["db"]);
    std::ranges::sort(states);
    EXPECT_EQ(std::ranges::adjacent_find(states), states.end()) << "two inputs would spoil each other's";
}

// As Onigmo reads it too: a named group, and no more than both have.
TEST(LogAgent, ReadsThePodFromThePathOfItsLogs) {
    std::string pattern;
    const Json inputs = told(with_agent())["pipeline"]["inputs"];
    for (const Json& step : inputs[0]["processors"]["logs"]) {
        if (step.value("action", "") == "extract") pattern = step["pattern"];
    }
    const std::string group = "?<k8s_pod_name>";
    ASSERT_THAT(pattern, HasSubstr(group));
    pattern.erase(pattern.find(group), group.size());
    std::smatch found;
    const std::string path = "/var/log/pods/shop_shop-user-7d9f-x2x_0a1b-2c/user/0.log";
    ASSERT_TRUE(std::regex_search(path, found, std::regex(pattern)));
    EXPECT_EQ(found[1], "shop-user-7d9f-x2x");
}

TEST(LogAgent, SendsToTheEndpointWhereverThatIs) {
    EXPECT_EQ(output_to("http://otel-collector.logging:4318")["host"], "otel-collector.logging");
    EXPECT_EQ(output_to("http://otel-collector.logging:4318")["port"], 4318);
    EXPECT_EQ(output_to("http://otel-collector.logging:4318")["logs_uri"], "/v1/logs");
    EXPECT_EQ(output_to("http://otel-collector.logging:4318/")["logs_uri"], "/v1/logs");
    EXPECT_EQ(output_to("http://otel-collector.logging:4318")["tls"], false);
    EXPECT_EQ(output_to("https://logs.example.com:443/otlp/v1/logs")["tls"], true);
    EXPECT_EQ(output_to("https://logs.example.com:443/otlp/v1/logs")["logs_uri"], "/otlp/v1/logs");
    EXPECT_EQ(output_to("http://collector:4318")["host"], "collector.shop.svc") << "of the platform's namespace, not of its own";
    EXPECT_EQ(output_to("http://10.0.0.7:4318")["host"], "10.0.0.7");
}

TEST(LogAgent, StartsAnewWhenItIsToldSomethingElse) {
    EXPECT_NE(agent_of(with_agent("http://other:1")).json["spec"]["template"], agent_of(with_agent()).json["spec"]["template"]);
}

TEST(LogAgent, IsTheOfficialImageUnlessThereIsAnother) {
    EXPECT_EQ(test::container_of(agent_of(with_agent()))["image"], "fluent/fluent-bit:4.2.2");
    api::Platform mirrored = with_agent();
    mirrored.spec.images.data_registry = "registry.example.com/shop";
    mirrored.spec.images.digests["fluent-bit"] = "sha256:1";
    EXPECT_EQ(test::container_of(agent_of(mirrored))["image"], "registry.example.com/shop/fluent-bit@sha256:1");
}

api::Platform with_sidecars() {
    api::Platform platform = test::production();
    platform.spec.logging = {api::LogAgent::Sidecar, "http://otel-collector.logging:4318", ""};
    return platform;
}

kube::Object user_of(const api::Platform& platform) {
    return {kube::kDeployment, test::find(test::objects_of(platform), kube::kDeployment, "shop-user")};
}

TEST(LogSidecar, ReadsTheFileThatItsServiceWritesAndNothingElse) {
    const kube::Objects objects = test::objects_of(with_sidecars());
    EXPECT_THAT(test::of_kind(objects, kube::kDaemonSet), IsEmpty());
    const Json map = test::find(objects, kube::kConfigMap, "shop-user");
    const Json told = std::get<Json>(api::read_document(map["data"]["fluent-bit.yaml"].get<std::string>()));
    const Json input = told["pipeline"]["inputs"][0];
    EXPECT_EQ(told["pipeline"]["inputs"].size(), 1);
    EXPECT_EQ(input["path"], test::variable(user_of(with_sidecars()), "LOG_FILE"));
    EXPECT_EQ(resource(input)["service.version"], "1.4.0");
    EXPECT_EQ(resource(input)["k8s.pod.name"], "${POD_NAME}");
    EXPECT_EQ(resource(input)["service.name"], "user-service");
    const Json pod = test::pod_of(user_of(with_sidecars()));
    ASSERT_EQ(pod["initContainers"].size(), 1);
    const Json sidecar = pod["initContainers"][0];
    EXPECT_EQ(sidecar["name"], "fluent-bit");
    EXPECT_EQ(sidecar["restartPolicy"], "Always");
    EXPECT_EQ(sidecar["env"][0]["name"], "POD_NAME");
    std::vector<std::string> volumes;
    for (const Json& volume : pod["volumes"]) volumes.push_back(volume["name"]);
    for (const Json& mount : sidecar["volumeMounts"]) {
        EXPECT_EQ(std::ranges::count(volumes, mount["name"].get<std::string>()), 1) << mount;
    }
    EXPECT_THAT(sidecar["volumeMounts"],
                Contains((Json{{"name", "logs"}, {"mountPath", "/var/log/ecommerce"}, {"readOnly", true}})));
    const Json service = test::container_of(user_of(with_sidecars()));
    EXPECT_THAT(service["volumeMounts"], Contains((Json{{"name", "logs"}, {"mountPath", "/var/log/ecommerce"}})));
}

// A service must not wait, or be taken out, for its logs' sake.
TEST(LogSidecar, KeepsItsServiceFromNothing) {
    const Json pod = test::pod_of(user_of(with_sidecars()));
    const Json sidecar = pod["initContainers"][0];
    EXPECT_TRUE(sidecar.contains("livenessProbe"));
    EXPECT_FALSE(sidecar.contains("readinessProbe"));
    EXPECT_FALSE(sidecar.contains("startupProbe"));
    EXPECT_EQ(sidecar["securityContext"], pod["containers"][0]["securityContext"]);
}

TEST(LogSidecar, StartsAnewWhenItIsToldSomethingElse) {
    api::Platform other = with_sidecars();
    other.spec.logging.endpoint = "http://elsewhere:1";
    EXPECT_NE(user_of(other).json["spec"]["template"], user_of(with_sidecars()).json["spec"]["template"]);
}

// What a sidecar asks for does not grow with load: in a pod's sum it would hold back the autoscaler.
TEST(LogSidecar, DoesNotCountForTheAutoscaler) {
    const Json scaler = test::find(test::objects_of(with_sidecars()), kube::kHorizontalPodAutoscaler, "shop-user");
    ASSERT_EQ(scaler["spec"]["metrics"].size(), 2);
    for (const Json& metric : scaler["spec"]["metrics"]) {
        EXPECT_EQ(metric["type"], "ContainerResource");
        EXPECT_EQ(metric["containerResource"]["container"], "user");
    }
    api::Platform sized = with_sidecars();
    sized.spec.services.at("user").vertical = api::Vertical::Recommend;
    const Json vpa = test::find(test::objects_of(sized), kube::kVerticalPodAutoscaler, "shop-user");
    EXPECT_THAT(vpa["spec"]["resourcePolicy"]["containerPolicies"],
                Contains((Json{{"containerName", "fluent-bit"}, {"mode", "Off"}})));
}

TEST(LogSidecar, IsBesideServicesAlone) {
    for (const kube::Object& workload : test::workloads(test::objects_of(with_sidecars()))) {
        EXPECT_EQ(test::pod_of(workload).contains("initContainers"), workload.kind == kube::kDeployment) << workload.key().name;
    }
}

TEST(Endpoint, IsTakenFromItsUrl) {
    const resources::Endpoint plain = resources::endpoint_of("http://collector:4318");
    EXPECT_FALSE(plain.tls);
    EXPECT_EQ(plain.host + "|" + std::to_string(plain.port) + "|" + plain.path, "collector|4318|");
    const resources::Endpoint longer = resources::endpoint_of("https://logs.example.com:443/otlp/v1/logs");
    EXPECT_TRUE(longer.tls);
    EXPECT_EQ(longer.host + "|" + std::to_string(longer.port) + "|" + longer.path, "logs.example.com|443|/otlp/v1/logs");
}

}  // namespace
