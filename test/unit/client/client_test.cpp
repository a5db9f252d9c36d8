#include "client/client.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <filesystem>
#include <fstream>

#include "unit/client/client_fixture.h"

// What the verbs send, and what they make of the answers.
namespace client::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class VerbTest : public ClientTest {
protected:
    // Answers each request with the next of the texts, and keeps what it received.
    void answers(const std::vector<std::string>& texts) {
        serve([this, texts](Peer& peer) {
            while (true) {
                Received request = peer.read();
                std::string text;
                {
                    const std::lock_guard lock(mutex_);
                    text = texts.at(std::min(received_.size(), texts.size() - 1));
                    received_.push_back(std::move(request));
                }
                peer.write(text);
            }
        });
    }
    Received received(std::size_t index = 0) {
        const std::lock_guard lock(mutex_);
        return received_.at(index);
    }
    std::size_t requests() {
        const std::lock_guard lock(mutex_);
        return received_.size();
    }
    awaitable<std::optional<kube::Json>> get() { return client().get(kube::kConfigMap, key_); }

    const kube::Json object_ = kube::Object::make(kube::kConfigMap, key_).json;

private:
    std::mutex mutex_;
    std::vector<Received> received_;
};

const std::string kObject = answer(200, R"({"kind":"ConfigMap","metadata":{"uid":"u1"}})");

std::string status(int code, const std::string& reason, const std::string& message, const std::string& headers = "") {
    return answer(
        code,
        R"({"kind":"Status","code":)" + std::to_string(code) + R"(,"reason":")" + reason + R"(","message":")" + message + "\"}",
        headers);
}

TEST_F(VerbTest, SayWhoWeAre) {
    answers({kObject});
    Config with = config();
    with.token = "t";
    with.base_path = "/base";
    with.user_agent = "ecommerce-operator/1 (linux)";
    client_.emplace(io_, with, nullptr);
    EXPECT_TRUE(wait(get()));
    EXPECT_EQ(received().line, "GET /base/api/v1/namespaces/shop/configmaps/cart HTTP/1.1");
    EXPECT_EQ(received().headers["Authorization"], "Bearer t");
    EXPECT_EQ(received().headers["User-Agent"], "ecommerce-operator/1 (linux)");
    EXPECT_EQ(received().headers["Host"], "127.0.0.1:" + server_->port());
}

TEST_F(VerbTest, GetNothingWhereThereIsNothing) {
    answers({status(404, "NotFound", "configmaps not found")});
    EXPECT_FALSE(wait(get()));
}

TEST_F(VerbTest, GetMetadataAlone) {
    answers({kObject});
    wait(client().get(kube::kConfigMap, key_, Part::Metadata));
    EXPECT_EQ(received().headers["Accept"], "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
}

TEST_F(VerbTest, ApplyWithForceAndStrictness) {
    answers({kObject});
    wait(client().apply(kube::kConfigMap, object_, "me & you", "status", DryRun::Yes));
    EXPECT_EQ(received().line,
              "PATCH "
              "/api/v1/namespaces/shop/configmaps/cart/"
              "status?fieldManager=me%20%26%20you&force=true&fieldValidation=Strict&dryRun=All HTTP/1.1");
    EXPECT_EQ(received().headers["Content-Type"], "application/apply-patch+yaml");
    EXPECT_EQ(kube::Json::parse(received().body), object_);
}

TEST_F(VerbTest, CreateInTheCollection) {
    answers({kObject});
    wait(client().create(kube::kConfigMap, object_));
    EXPECT_EQ(received().line, "POST /api/v1/namespaces/shop/configmaps?fieldValidation=Strict HTTP/1.1");
}

TEST_F(VerbTest, DeleteOneIncarnation) {
    answers({answer(200, "{}")});
    EXPECT_TRUE(wait(client().remove(kube::kConfigMap, key_, "u1", Propagation::Foreground)));
    EXPECT_EQ(kube::Json::parse(received().body)["preconditions"]["uid"], "u1");
    EXPECT_EQ(kube::Json::parse(received().body)["propagationPolicy"], "Foreground");
}

TEST_F(VerbTest, DeleteNothingWhereAnotherIncarnationIsThere) {
    answers({status(409, "Conflict", "uid"), kObject});
    EXPECT_FALSE(wait(client().remove(kube::kConfigMap, key_, "u2")));
    EXPECT_EQ(requests(), 2U);
}

TEST_F(VerbTest, DeleteReportsAnotherConflict) {
    answers({status(409, "Conflict", "busy"), kObject});
    EXPECT_EQ(failure<ApiError>(client().remove(kube::kConfigMap, key_, "u1"))->code(), 409);
}

TEST_F(VerbTest, ListPages) {
    answers({answer(200, R"({"metadata":{"resourceVersion":"7","continue":"next"},"items":[{"a":1},{"a":2}]})")});
    Selection selection;
    selection.label_selector = "a=b";
    selection.part = Part::Metadata;
    const ListPage page = wait(client().list(kube::kDeployment, selection, "token=", 2));
    EXPECT_EQ(received().line, "GET /apis/apps/v1/deployments?labelSelector=a%3Db&limit=2&continue=token%3D HTTP/1.1");
    EXPECT_EQ(received().headers["Accept"], "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    EXPECT_EQ(page.items.size(), 2U);
    EXPECT_EQ(page.resource_version, "7");
    EXPECT_EQ(page.continue_token, "next");
}

TEST_F(VerbTest, NameTheCallInEveryRefusal) {
    answers({status(422, "Invalid", "data: too long")});
    const std::optional<ApiError> error = failure<ApiError>(client().apply(kube::kConfigMap, object_, "me"));
    EXPECT_STREQ(error->what(), "apply ConfigMap shop/cart: 422 data: too long");
    EXPECT_EQ(error->reason(), "Invalid");
}

TEST_F(VerbTest, PassRetryAfterOn) {
    answers({status(429, "TooManyRequests", "later", "Retry-After: 3\r\n")});
    EXPECT_EQ(failure<ApiError>(get())->retry_after(), 3s);
}

TEST_F(VerbTest, PassWarningsOn) {
    answers({answer(200, "{}", "Warning: 299 - \"old \\\"v1beta1\\\"\"\r\nWarning: 299 - \"and more\"\r\n")});
    std::vector<std::string> warnings;
    client().set_warning_handler([&warnings](const std::string& text) { warnings.push_back(text); });
    wait(get());
    EXPECT_THAT(warnings, ElementsAre("get ConfigMap shop/cart: old \"v1beta1\"", "get ConfigMap shop/cart: and more"));
}

TEST_F(VerbTest, CountRequests) {
    answers({kObject, status(404, "NotFound", "")});
    prometheus::Registry registry;
    client_.emplace(io_, config(), &registry);
    wait(get());
    wait(get());
    wait(get());
    const std::string text = prometheus::TextSerializer().Serialize(registry.Collect());
    const std::string host = "host=\"127.0.0.1:" + server_->port() + "\"";
    EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"200\"," + host + ",method=\"GET\"} 1"));
    EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"404\"," + host + ",method=\"GET\"} 2"));
    EXPECT_THAT(text, HasSubstr("rest_client_request_duration_seconds_count{" + host + ",verb=\"GET\"} 3"));
    client_.reset();
}

TEST_F(VerbTest, ReadTheTokenAgainWhenItIsRefused) {
    const std::string path = (std::filesystem::temp_directory_path() / ("token." + std::to_string(::getpid()))).string();
    std::ofstream(path) << "old\n";
    answers({kObject, status(401, "Unauthorized", ""), kObject});
    Config with = config();
    with.token_file = path;
    client_.emplace(io_, with, nullptr);
    EXPECT_TRUE(wait(get()));
    std::ofstream(path) << "new\n";
    EXPECT_TRUE(wait(get()));
    EXPECT_EQ(received(1).headers["Authorization"], "Bearer old");
    EXPECT_EQ(received(2).headers["Authorization"], "Bearer new");
    std::filesystem::remove(path);
}

TEST_F(VerbTest, ReportARefusedTokenThatHasNotChanged) {
    answers({status(401, "Unauthorized", "Unauthorized")});
    Config with = config();
    with.token = "t";
    client_.emplace(io_, with, nullptr);
    EXPECT_EQ(failure<ApiError>(get())->code(), 401);
    EXPECT_EQ(requests(), 1U);
}

TEST_F(VerbTest, NeverSendATokenThatWouldBreakTheHeader) {
    answers({kObject});
    Config with = config();
    with.token = "geheim\r\nX: y";
    client_.emplace(io_, with, nullptr);
    const std::optional<std::runtime_error> error = failure<std::runtime_error>(get());
    EXPECT_STREQ(error->what(), "get ConfigMap shop/cart: header Authorization: contains a control character");
}

TEST_F(VerbTest, NeedAName) {
    answers({kObject});
    EXPECT_THROW(client().get(kube::kConfigMap, kube::Key{"shop", ""}), std::invalid_argument);
}

}  // namespace
}  // namespace client::test
