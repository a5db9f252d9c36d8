// What the API server does with pods of a namespace whose platform has a policy for them.
#include <gmock/gmock.h>

#include "cluster.h"

namespace apiserver {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Json good_pod() {
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", "stranger"}}},
            {"spec",
             {{"securityContext", {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
              {"containers",
               Json::array({{{"name", "one"},
                             {"image", "registry.example.com:5000/tools/one@sha256:" + std::string(64, 'a')},
                             {"resources",
                              {{"requests", {{"cpu", "1m"}, {"memory", "1Mi"}}}, {"limits", {{"cpu", "1m"}, {"memory", "1Mi"}}}}},
                             {"securityContext",
                              {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", Json::array({"ALL"})}}}}}}})}}}};
}

class Admission : public OperatorTest {
protected:
    // A platform with that policy, in force.
    void declare(const Json& security) {
        start_operator();
        apply(sample("development", {{"spec", {{"quality", {{"security", security}}}}}}));
        Json bad = good_pod();
        bad["spec"]["containers"][0].erase("resources");
        ASSERT_TRUE(eventually([&] { return tried(bad).find("containers without requests") != std::string::npos; }));
    }

    std::string tried(const Json& pod) const { return kubectl({"create", "--dry-run=server", "-f", "-"}, pod.dump()).output; }

    // `kubectl debug` does this.
    std::string tried_beside(const std::string& pod, const std::string& image) const {
        const Json good = good_pod()["spec"]["containers"][0];
        const Json look{{"name", "look"}, {"image", image}, {"securityContext", good["securityContext"]}};
        const Json patch{{"spec", {{"ephemeralContainers", Json::array({look})}}}};
        return kubectl({"patch", "pod", pod, "--subresource=ephemeralcontainers", "--dry-run=server", "-p", patch.dump()}).output;
    }

    std::string tried_image(const std::string& image) const {
        Json pod = good_pod();
        pod["spec"]["containers"][0]["image"] = image;
        return tried(pod);
    }
};

TEST_F(Admission, DeniesPodsThatBreakThePolicyAndNamesTheContainer) {
    declare({{"admission", "Deny"},
             {"images", {{"registries", {"registry.example.com:5000", "docker.io/library"}}, {"requireDigest", true}}}});
    const std::string digest = "@sha256:" + std::string(64, 'a');
    const auto taken = HasSubstr("pod/stranger created");
    EXPECT_THAT(tried(good_pod()), taken);
    EXPECT_THAT(tried_image("postgres" + digest), taken);
    EXPECT_THAT(tried_image("docker.io/library/postgres" + digest), taken);
    for (const std::string image : {"library/postgres", "bitnami/postgres", "ghcr.io/postgres", "registry.example.com/a"}) {
        const bool of_library = image == "library/postgres";
        EXPECT_THAT(tried_image(image + digest), of_library ? testing::Matcher<std::string>(taken) : HasSubstr("of no registry"));
    }
    EXPECT_THAT(tried_image("docker.io/library/postgres:15"),
                AllOf(HasSubstr("one (docker.io/library/postgres:15)"), HasSubstr("digest")));

    Json root = good_pod();
    root["spec"]["securityContext"].erase("runAsNonRoot");
    root["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] = true;
    EXPECT_THAT(tried(root), taken);
    Json initial = good_pod();
    initial["spec"]["initContainers"] = Json::array({initial["spec"]["containers"][0]});
    initial["spec"]["initContainers"][0]["name"] = "first";
    EXPECT_THAT(tried(initial), taken);
    initial["spec"]["initContainers"][0]["resources"]["limits"].erase("memory");
    EXPECT_THAT(tried(initial), AllOf(HasSubstr("denied"), HasSubstr("limits of CPU and memory: first")));
}

TEST_F(Admission, WarnsOfImagesWithoutAVersionThatStays) {
    declare({{"admission", "Warn"}});
    for (const char* image : {"one", "one:latest", "registry.example.com:5000/one"}) {
        EXPECT_THAT(tried_image(image),
                    AllOf(HasSubstr("Warning: "), HasSubstr("no version that stays: one"), HasSubstr("created")));
    }
    for (const char* image : {"one:1", "registry.example.com:5000/one:v1.2-rc_3"}) {
        EXPECT_THAT(tried_image(image), testing::Not(HasSubstr("Warning: "))) << image;
    }
}

TEST_F(Admission, LooksAtEphemeralContainersToo) {
    Json pod = good_pod();
    ASSERT_EQ(kubectl({"create", "-f", "-"}, pod.dump()).status, 0);
    pod["metadata"]["name"] = "elder";
    pod["spec"]["containers"][0]["image"] = "bitnami/one:1";
    pod["spec"]["containers"][0].erase("resources");
    ASSERT_EQ(kubectl({"create", "-f", "-"}, pod.dump()).status, 0);
    declare({{"admission", "Deny"}, {"images", {{"registries", {"registry.example.com:5000"}}, {"requireDigest", true}}}});
    const std::string good = "registry.example.com:5000/tools/look@sha256:" + std::string(64, 'b');
    for (const char* to : {"stranger", "elder"}) {  // Whose own image and missing limits are no news.
        EXPECT_THAT(tried_beside(to, good), HasSubstr("patched")) << to;
        EXPECT_THAT(tried_beside(to, "busybox:1"),
                    AllOf(HasSubstr("denied"), HasSubstr("no registry"), HasSubstr(": look (busy")))
            << to;
        EXPECT_THAT(tried_beside(to, "registry.example.com:5000/tools/look:1"), HasSubstr("not named by digest")) << to;
    }
    const Json policy = get("validatingadmissionpolicy", ns() + ".shop-pods");
    EXPECT_EQ(policy["status"]["typeChecking"], Json::object()) << "the API server finds no fault with its types";
}

// Else nobody could label such a pod, nor a controller take its finalizer away.
TEST_F(Admission, LeavesPodsAloneThatAreThereAlready) {
    Json bad = good_pod();
    bad["spec"]["containers"][0].erase("resources");
    const support::Finished made = kubectl({"create", "-f", "-"}, bad.dump());
    ASSERT_EQ(made.status, 0) << made.output;
    declare({{"admission", "Deny"}});
    EXPECT_EQ(kubectl({"label", "pod", "stranger", "seen=yes"}).status, 0);
    EXPECT_THAT(kubectl({"set", "image", "pod/stranger", "one=other:1"}).output, HasSubstr("denied"));
    EXPECT_EQ(kubectl({"delete", "pod", "stranger", "--wait=false"}).status, 0);
}

}  // namespace
}  // namespace apiserver
