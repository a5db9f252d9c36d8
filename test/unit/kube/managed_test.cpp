#include "kube/managed.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kube {
namespace {

const Json kLive = Json::parse(R"({
  "apiVersion": "apps/v1", "kind": "Deployment",
  "metadata": {"name": "shop-catalog", "namespace": "shop", "labels": {"ours": "a", "theirs": "b"}, "managedFields": [
    {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {"f:theirs": {}}}}},
    {"manager": "operator", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {}}},
    {"manager": "operator", "operation": "Apply", "fieldsV1": {
      "f:metadata": {"f:labels": {"f:ours": {}}, "f:finalizers": {".": {}, "v:\"keep\"": {}}},
      "f:spec": {"f:selector": {}, "f:containers": {"k:{\"name\":\"main\"}": {".": {}, "f:name": {}, "f:image": {},
        "f:ports": {"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}}}}}],
    "finalizers": ["other", "keep"]},
  "spec": {"replicas": 3, "selector": {"a": "b"}, "containers": [
    {"name": "sidecar", "image": "x"},
    {"name": "main", "image": "y", "imagePullPolicy": "Always", "ports": [{"containerPort": 8080, "protocol": "TCP"}]}]}
})");

TEST(ManagedPart, HoldsWhatTheManagerAppliedAndNothingElse) {
    EXPECT_EQ(managed_part(kLive, "operator"), Json::parse(R"({
      "metadata": {"labels": {"ours": "a"}, "finalizers": ["keep"]},
      "spec": {"selector": {"a": "b"}, "containers": [{"name": "main", "image": "y", "ports": [{"containerPort": 8080}]}]}})"));
}

TEST(ManagedPart, IsNullForAManagerThatNeverApplied) {
    EXPECT_TRUE(managed_part(kLive, "kubectl").is_null());
    EXPECT_TRUE(managed_part(Json::object(), "operator").is_null());
}

TEST(ManagedPart, ShowsOwnedFieldsWithoutValueAsNull) {
    const Json secret = Json::parse(R"({"metadata": {"name": "s", "managedFields": [{"manager": "operator", "operation": "Apply",
      "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}, "f:data": {"f:password": {}}, "f:type": {}}}], "labels": {"a": "b"}}})");
    EXPECT_EQ(managed_part(secret, "operator"),
              Json::parse(R"({"metadata": {"labels": {"a": "b"}}, "data": {"password": null}, "type": null})"));
}

Json foreign(const char* fields, const char* manager = "kubectl", const char* subresource = "") {
    static const std::array<std::string_view, 2> kOurs{"operator", "operator-replicas"};
    Json live = kLive;
    live["spec"].update(Json::parse(R"({"paused": true, "replicas": 3, "template": {"metadata": {"annotations": {"a": "b"}},
      "spec": {"nodeSelector": {"a": "b"}}}})"));
    live["metadata"]["managedFields"].push_back(
        {{"manager", manager}, {"operation", "Update"}, {"fieldsV1", Json::parse(fields)}, {"subresource", subresource}});
    return foreign_part(live, "operator", kOurs);
}

TEST(ForeignPart, HoldsWhatOthersBroughtAndWeDoNotApply) {
    EXPECT_EQ(foreign(R"({"f:spec": {"f:paused": {}, "f:template": {"f:spec": {"f:nodeSelector": {}}}}})"),
              Json::parse(R"([{"spec": {"paused": true, "template": {"spec": {"nodeSelector": {"a": "b"}}}}}])"));
    EXPECT_EQ(foreign(R"({"f:spec": {"f:containers": {"k:{\"name\":\"sidecar\"}": {".": {}, "f:name": {}, "f:image": {}},
                                                     "k:{\"name\":\"main\"}": {"f:image": {}, "f:imagePullPolicy": {}}}}})"),
              Json::parse(R"([{"spec": {"containers": [{"name": "sidecar", "image": "x"}, {"imagePullPolicy": "Always"}]}}])"));
}

TEST(ForeignPart, IsNullWhereOthersOnlyHoldWhatWeApplyToo) {
    EXPECT_TRUE(foreign(R"({"f:spec": {"f:selector": {"f:a": {}}, "f:containers": {".": {}, "k:{\"name\":\"main\"}": {".": {},
      "f:image": {}}}}})")
                    .is_null());
}

TEST(ForeignPart, IsNotWhatAnyoneMayWrite) {
    EXPECT_TRUE(
        foreign(R"({"f:metadata": {"f:annotations": {"f:x": {}}}, "f:status": {"f:replicas": {}}, "f:spec": {"f:replicas": {},
      "f:template": {"f:metadata": {"f:annotations": {".": {}, "f:a": {}}}}}})")
            .is_null());
    EXPECT_TRUE(foreign(R"({"f:spec": {"f:paused": {}}})", "kubectl", "scale").is_null());
    EXPECT_TRUE(foreign(R"({"f:spec": {"f:paused": {}}})", "operator").is_null());
    EXPECT_TRUE(foreign(R"({"f:spec": {"f:paused": {}}})", "operator-replicas").is_null());
}

TEST(WithoutValues, MatchesWhatMetadataAloneShows) {
    const Json secret = Json::parse(R"({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "labels": {"a": "b"}},
      "data": {"password": "cGFzcw=="}, "type": "Opaque"})");
    EXPECT_EQ(applied_part(without_values(secret)),
              Json::parse(R"({"metadata": {"labels": {"a": "b"}}, "data": {"password": null}, "type": null})"));
}

TEST(Digest, IsTheSameWhateverTheOrderOfKeys) {
    EXPECT_EQ(digest(Json::parse(R"({"a": 1, "b": [1, "x"]})")), digest(Json::parse(R"({"b": [1, "x"], "a": 1})")));
}

TEST(Digest, TellsNeighboursApart) {
    EXPECT_NE(digest(Json::parse(R"(["ab", "c"])")), digest(Json::parse(R"(["a", "bc"])")));
    EXPECT_NE(digest(Json::parse(R"({"a": "1"})")), digest(Json::parse(R"({"a": 1})")));
    EXPECT_NE(digest(Json::parse(R"([[], 1])")), digest(Json::parse(R"([[1]])")));
    EXPECT_NE(digest(Json::parse(R"({"a": null})")), digest(Json::parse(R"({})")));
}

}  // namespace
}  // namespace kube
