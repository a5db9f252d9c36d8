// A platform that keeps every promise but that of backups, which none can; and how tests ask for what was found of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "quality/attributes.h"

namespace quality {

inline Pod pod(const std::string& component, const std::string& zone) {
    return {.component = component,
            .version = "1.0.0",
            .node = "node-" + zone,
            .on = Node{zone, false},
            .best_effort = false,
            .bounded = true,
            .scraped = true,
            .ready = true};
}

inline Workload running(std::int64_t replicas) {
    Workload workload;
    workload.version = "1.0.0";
    workload.generation = workload.observed_generation = 2;
    workload.desired = workload.current = workload.updated = workload.available = replicas;
    return workload;
}

class PromisesTest : public testing::Test {
protected:
    PromisesTest() {
        platform.key = {"shop", "shop"};
        platform.generation = 7;
        platform.spec.version = "1.0.0";
        platform.spec.configuration = {
            .log_level = "info", .log_format = "Json", .api_timeout = "30s", .max_connections = 100, .feature_flags = {}};
        platform.spec.tracing = {"http://collector:4318", 10};
        platform.spec.postgres.managed.parameters["max_connections"] = "1100";
        platform.spec.redis.managed.nodes = platform.spec.rabbitmq.managed.nodes = 3;
        for (const api::Service& service : api::kServices) {
            const std::string key(service.key);
            platform.spec.services[key].replicas = {3, 2, 10};
            seen.scalers[key] = {.judged = true, .at_maximum = false, .inactive = ""};
            add(key, 3);
            see("Deployment", key);
            see("ConfigMap", key);
            see("NetworkPolicy", key);
        }
        add("postgres", 1);
        add("redis", 3);
        add("rabbitmq", 3);
        see("Secret", "postgres");
        see("ValidatingAdmissionPolicy", "admission");
        seen.pod_security = "restricted";
        for (const char* kind : {"NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "VerticalPodAutoscaler"}) {
            seen.others[kind] = {};
        }
    }

    void add(const std::string& component, std::int64_t replicas) {
        seen.workloads[component] = running(replicas);
        if (replicas > 1) seen.budgets[component] = {.judged = true, .allows = true};
        if (!seen.pods) seen.pods.emplace();
        const std::vector<std::string> zones{"a", "b", "c"};
        for (std::int64_t index = 0; index < replicas; ++index) {
            seen.pods->push_back(pod(component, zones.at(static_cast<std::size_t>(index) % zones.size())));
        }
    }

    void see(const std::string& kind, const std::string& component) {
        seen.objects.push_back({kind, "shop-" + component, component, Declared::State::AsDeclared});
    }

    Declared& object(const std::string& kind, const std::string& component) {
        return *std::find_if(seen.objects.begin(), seen.objects.end(),
                             [&](const Declared& each) { return each.kind == kind && each.component == component; });
    }

    std::vector<Pod*> pods_of(const std::string& component) {
        std::vector<Pod*> found;
        for (Pod& each : *seen.pods) {
            if (each.component == component) found.push_back(&each);
        }
        return found;
    }

    void move(const std::string& component, const std::vector<std::string>& zones) {
        const std::vector<Pod*> pods = pods_of(component);
        for (std::size_t index = 0; index < zones.size(); ++index) *pods.at(index) = pod(component, zones[index]);
    }

    std::vector<Finding> all(std::string_view name) const {
        std::vector<Finding> found;
        for (const Promise& each : promises({platform, seen})) {
            if (each.name == name) found.push_back(each.found);
        }
        return found;
    }

    // Of the component where there is one, else of the platform.
    Finding find(std::string_view name, const std::string& component = "") const {
        for (const Finding& each : all(name)) {
            if (each.component == component) return each;
        }
        ADD_FAILURE() << "no promise " << name << " " << component;
        return {};
    }

    void expect_hurt(std::string_view name, const std::string& component, const std::string& evidence, const std::string& cure) {
        const Finding found = find(name, component);
        EXPECT_EQ(found.held, Held::False) << found.evidence;
        EXPECT_THAT(found.evidence, testing::HasSubstr(evidence));
        EXPECT_THAT(found.cure, testing::AllOf(testing::HasSubstr(cure), testing::EndsWith(".")));
    }

    void expect_unknown(std::string_view name, const std::string& component, const std::string& evidence) {
        const Finding found = find(name, component);
        EXPECT_EQ(found.held, Held::Unknown) << found.evidence;
        EXPECT_THAT(found.evidence, testing::HasSubstr(evidence));
        EXPECT_THAT(found.cure, testing::EndsWith("."));
    }

    Condition condition(std::string_view type) const {
        for (const Condition& each : attributes(promises({platform, seen}))) {
            if (each.type == type) return each;
        }
        return {};
    }

    api::Platform platform;
    Observed seen;
};

}  // namespace quality
