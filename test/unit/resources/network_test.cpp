// Who may talk to whom, computed from the policies as a cluster would, held against the table of the design.
#include <gmock/gmock.h>

#include "platforms.h"
#include "resources/flows.h"

namespace {

using kube::Json;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

// "from -> to:port". Ends are components, or what a policy says of the world outside.
using Connections = std::set<std::string>;

std::string row(const std::string& from, const std::string& to) {
    return from + " -> " + to;
}
std::string on_port(const std::string& end, const std::string& port) {
    return end + ":" + port;
}

// "8080", or "53/UDP".
std::string text_of(const Json& port) {
    const std::string number = std::to_string(port["port"].get<int>());
    return port["protocol"] == "TCP" ? number : number + "/" + port["protocol"].get<std::string>();
}

// Labels of the pods of a component, Jobs' included.
Json labels_of_pods(const std::string& component) {
    return {{"app.kubernetes.io/instance", "shop-" + component},
            {"app.kubernetes.io/component", component},
            {"ecommerceplatform.io/platform", "shop"}};
}

const std::vector<std::string> kParts{"user",  "catalog",  "inventory", "order",        "payment", "gateway",    "postgres",
                                      "redis", "rabbitmq", "migration", "provisioning", "e2e",     "prometheus", "stranger"};

Json labels_of_part(const std::string& part) {
    return part == "stranger" ? Json{{"app", "stranger"}} : labels_of_pods(part);
}

bool selects(const Json& selector, const Json& labels) {
    const Json wanted = selector.value("matchLabels", Json::object());
    for (const auto& [name, value] : wanted.items()) {
        if (!labels.contains(name) || labels[name] != value) return false;
    }
    return true;
}

// What a peer of a rule stands for: the parts it selects, or a name for the outside.
std::vector<std::string> parts_of(const Json& peer) {
    if (peer.contains("ipBlock")) return {peer["ipBlock"]["cidr"].get<std::string>()};
    if (peer.contains("namespaceSelector")) {
        return {"ns/" + peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"].get<std::string>()};
    }
    std::vector<std::string> parts;
    for (const std::string& part : kParts) {
        if (selects(peer["podSelector"], labels_of_part(part))) parts.push_back(part);
    }
    return parts;
}

// All that one direction of the policies allows to a part: "peer:port".
std::set<std::string> allowed(const kube::Objects& policies, const std::string& part, const char* rules, const char* peers) {
    std::set<std::string> ends;
    bool isolated = false;
    for (const kube::Object& policy : policies) {
        if (!selects(policy.json["spec"]["podSelector"], labels_of_part(part))) continue;
        isolated = true;
        for (const Json& rule : policy.json["spec"].value(rules, Json::array())) {
            std::vector<std::string> from;
            for (const Json& peer : rule.value(peers, Json::array())) {
                for (const std::string& end : parts_of(peer)) from.push_back(end);
            }
            if (!rule.contains(peers)) {
                from = kParts;
                from.emplace_back("anywhere");
            }
            for (const Json& port : rule["ports"]) {
                for (const std::string& end : from) ends.insert(on_port(end, text_of(port)));
            }
        }
    }
    if (!isolated) ends.insert("*");
    return ends;
}

bool is_outside(const std::string& end) {
    return std::none_of(kParts.begin(), kParts.end(), [&](const std::string& part) { return end.starts_with(part + ":"); });
}

Connections connections(const kube::Objects& objects) {
    const kube::Objects policies = test::of_kind(objects, kube::kNetworkPolicy);
    Connections found;
    for (const std::string& from : kParts) {
        const std::set<std::string> out = allowed(policies, from, "egress", "to");
        for (const std::string& end : out) {
            if (end != "*" && is_outside(end)) found.insert(row(from, end));
        }
        for (const std::string& to : kParts) {
            for (const std::string& end : allowed(policies, to, "ingress", "from")) {
                if (end == "*") {
                    // Anybody reaches a pod that no policy selects: no matter for a stranger's, never so for one of ours.
                    if (to != "stranger") found.insert(row(from, on_port(to, "any")));
                    continue;
                }
                const std::string source = end.substr(0, end.find(':'));
                const std::string target = on_port(to, end.substr(end.find(':') + 1));
                if (is_outside(end)) {
                    found.insert(row(source, target));
                } else if (source == from && (out.contains("*") || out.contains(target))) {
                    found.insert(row(from, target));
                }
            }
        }
    }
    return found;
}

void expect(Connections& connections, const std::vector<std::string>& from, const std::vector<std::string>& to,
            const std::vector<std::string>& ports) {
    for (const std::string& a : from) {
        for (const std::string& b : to) {
            for (const std::string& port : ports) connections.insert(row(a, on_port(b, port)));
        }
    }
}

const std::vector<std::string> kServices{"user", "catalog", "inventory", "order", "payment", "gateway"};

// The table of the design, for the fixture's production platform, without the rows of the data stores and of DNS.
Connections table_of_services() {
    Connections table;
    expect(table, {"ns/gateway-system"}, {"gateway"}, {"8080"});
    expect(table, {"gateway"}, {"user", "catalog", "inventory", "order", "payment"}, {"8080"});
    expect(table, {"catalog"}, {"user"}, {"8080"});
    expect(table, {"order"}, {"catalog", "inventory", "payment"}, {"8080"});
    expect(table, {"ns/monitoring"}, kServices, {"9090"});
    expect(table, kServices, {"ns/tracing"}, {"4318"});
    expect(table, {"e2e"}, {"gateway"}, {"8080"});
    return table;
}

TEST(Network, TheConnectionsAreThoseOfTheDesignAndNothingElse) {
    Connections table = table_of_services();
    expect(table, {"user", "catalog", "inventory", "order", "payment", "migration", "provisioning"}, {"postgres"}, {"5432"});
    expect(table, {"gateway", "user", "catalog"}, {"redis"}, {"6379"});
    expect(table, {"catalog", "inventory", "order", "payment"}, {"rabbitmq"}, {"5672"});
    expect(table, {"redis"}, {"redis"}, {"6379", "16379"});
    expect(table, {"rabbitmq"}, {"rabbitmq"}, {"4369", "25672"});
    for (const std::string& part : kParts) {
        if (part != "stranger" && part != "prometheus") expect(table, {part}, {"ns/kube-system"}, {"53", "53/UDP"});
    }
    EXPECT_EQ(connections(test::objects_of(test::production())), table);
}

TEST(Network, ExternalStoresReplaceTheirRowsByTheirAddress) {
    Connections table = table_of_services();
    expect(table, {"user", "catalog", "inventory", "order", "payment", "migration"}, {"10.20.0.0/24"}, {"5433"});
    expect(table, {"gateway", "user", "catalog"}, {"10.20.1.7/32"}, {"6379"});
    expect(table, {"catalog", "inventory", "order", "payment"}, {"ns/messaging"}, {"5672"});
    for (const std::string& part : kServices) expect(table, {part}, {"ns/kube-system"}, {"53", "53/UDP"});
    for (const char* part : {"migration", "e2e"}) expect(table, {part}, {"ns/kube-system"}, {"53", "53/UDP"});
    EXPECT_EQ(connections(test::objects_of(test::with_external_stores())), table);
}

TEST(Network, ASingleNodeTalksToNoPeer) {
    const Connections found = connections(test::objects_of(test::development()));
    EXPECT_THAT(found, Not(Contains("redis -> redis:6379")));
    EXPECT_THAT(found, Not(Contains("rabbitmq -> rabbitmq:25672")));
}

TEST(Network, EgressReachesWhatTheSpecNames) {
    api::Platform platform = test::production();
    platform.spec.egress = {{"payment", {.cidr = "203.0.113.0/24", .ns = "", .port = 443}},
                            {"user", {.cidr = "", .ns = "identity", .port = 8443}}};
    Connections more = connections(test::objects_of(platform));
    for (const std::string& known : connections(test::objects_of(test::production()))) more.erase(known);
    EXPECT_EQ(more, (Connections{"payment -> 203.0.113.0/24:443", "user -> ns/identity:8443"}));
}

TEST(Network, AnOwnPrometheusReadsTheServicesAndIsAskedByFew) {
    const Connections without = connections(test::objects_of(test::production()));
    Connections table = without;
    expect(table, {"prometheus"}, kServices, {"9090"});
    expect(table, {"prometheus"}, {"ns/kube-system"}, {"53", "53/UDP"});
    expect(table, {"ns/monitoring", "ns/ecommerce-operator"}, {"prometheus"}, {"9090"});
    api::Platform platform = test::with_prometheus();
    platform.spec.operator_namespace = "ecommerce-operator";
    Connections found = connections(test::objects_of(platform));
    EXPECT_EQ(found.erase("ns/ecommerce-operator -> gateway:9090"), 1U);
    EXPECT_EQ(found, table);
}

TEST(Network, ANodePortIsOpenToAllAtTheGatewayAlone) {
    api::Platform platform = test::production();
    platform.spec.ingress.kind = api::Exposure::NodePort;
    platform.spec.ingress.controller_namespace.clear();
    const Connections found = connections(test::objects_of(platform));
    EXPECT_THAT(found, Contains("anywhere -> gateway:8080"));
    EXPECT_THAT(found, Contains("stranger -> gateway:8080"));
    for (const std::string& connection : found) {
        if (connection.starts_with("anywhere") || connection.starts_with("stranger")) {
            EXPECT_TRUE(connection.ends_with("gateway:8080")) << connection;
        }
    }
}

TEST(Network, NothingLeadsInWithoutExposure) {
    api::Platform platform = test::production();
    platform.spec.ingress.kind = api::Exposure::None;
    EXPECT_THAT(connections(test::objects_of(platform)), Not(Contains("ns/gateway-system -> gateway:8080")));
}

TEST(Network, EveryPolicySelectsPodsThatExistOrAJobsPods) {
    const kube::Objects objects = test::objects_of(test::production());
    std::vector<Json> pods;
    for (const kube::Object& workload : test::workloads(objects)) {
        pods.push_back(workload.json["spec"]["template"]["metadata"]["labels"]);
    }
    for (const char* job : {"migration", "provisioning", "e2e"}) pods.push_back(labels_of_pods(job));
    for (const kube::Object& policy : test::of_kind(objects, kube::kNetworkPolicy)) {
        std::vector<Json> selectors{policy.json["spec"]["podSelector"]};
        for (const char* rules : {"ingress", "egress"}) {
            for (const Json& rule : policy.json["spec"].value(rules, Json::array())) {
                for (const char* peers : {"from", "to"}) {
                    for (const Json& peer : rule.value(peers, Json::array())) {
                        if (peer.contains("podSelector")) selectors.push_back(peer["podSelector"]);
                    }
                }
            }
        }
        for (const Json& selector : selectors) {
            EXPECT_TRUE(std::any_of(pods.begin(), pods.end(), [&](const Json& labels) { return selects(selector, labels); }))
                << kube::to_string(policy) << " " << selector;
        }
    }
}

TEST(Network, EveryPodIsUnderDefaultDenyAndAPolicyOfItsOwn) {
    const kube::Objects objects = test::objects_of(test::production());
    for (const kube::Object& workload : test::workloads(objects)) {
        int policies = 0;
        for (const kube::Object& policy : test::of_kind(objects, kube::kNetworkPolicy)) {
            if (selects(policy.json["spec"]["podSelector"], workload.json["spec"]["template"]["metadata"]["labels"])) ++policies;
        }
        EXPECT_EQ(policies, 2) << kube::to_string(workload);
    }
}

TEST(Network, LogsMayLeaveForWhereTheirSidecarsTakeThem) {
    const auto collectors = [](const std::string& logs, api::LogAgent agent) {
        api::Platform platform = test::production();
        platform.spec.logging = {agent, logs, "logging"};
        std::vector<std::string> found;
        for (const resources::Flow& flow : resources::flows(platform)) {
            const std::string& ns = flow.to.address.ns;
            if (flow.from.component == "user" && !ns.empty() && ns != "kube-system") {
                found.push_back(ns + ":" + std::to_string(flow.ports.front().number));
            }
        }
        return found;
    };
    using testing::ElementsAre;
    EXPECT_THAT(collectors("http://loki.logs:3100/otlp", api::LogAgent::Sidecar), ElementsAre("tracing:4318", "logs:3100"));
    EXPECT_THAT(collectors("http://jaeger.tracing:4318", api::LogAgent::Sidecar), ElementsAre("tracing:4318")) << "one is enough";
    EXPECT_THAT(collectors("http://loki.logs:3100", api::LogAgent::DaemonSet), ElementsAre("tracing:4318")) << "not its pods";
}

TEST(Network, WithoutIsolationThereAreNoPolicies) {
    api::Platform platform = test::production();
    platform.spec.network_isolation = false;
    EXPECT_THAT(test::of_kind(test::objects_of(platform), kube::kNetworkPolicy), IsEmpty());
}

TEST(Network, AnEndpointsHostTellsWhereItIs) {
    const auto where = [](const std::string& url) {
        const api::Address address = resources::address_of_url(url, "shop");
        return address.cidr + "|" + address.ns + "|" + std::to_string(address.port);
    };
    EXPECT_EQ(where("http://jaeger:4318"), "|shop|4318");
    EXPECT_EQ(where("http://jaeger.tracing:4318/v1"), "|tracing|4318");
    EXPECT_EQ(where("http://jaeger.tracing.svc.cluster.local:4318"), "|tracing|4318");
    EXPECT_EQ(where("http://10.1.2.3:4318"), "10.1.2.3/32||4318");
    EXPECT_EQ(where("https://otlp.eu.example.com:443"), "||443");
}

}  // namespace
