// The user service's signing keys change while it runs, and nobody's token fails.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "common/identity/token.h"
#include "harness.h"
#include "unit/identity/keys.h"

namespace services {
namespace {

namespace fs = std::filesystem;

std::string pem_of(const identity_test::Key& key) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

// A folder as the kubelet mounts a Secret: every change is a new folder with all files written anew, which a link switches to.
class MountedSecret {
public:
    explicit MountedSecret(std::string path) : path_(std::move(path)) { fs::create_directories(path_); }

    void set(const std::map<std::string, std::string>& files) {
        const std::string version = "..version-" + std::to_string(++versions_);
        fs::create_directories(path_ + "/" + version);
        for (const auto& [name, content] : files) support::write_file(path_ + "/" + version + "/" + name, content);
        fs::create_symlink(version, path_ + "/..data_tmp");
        fs::rename(path_ + "/..data_tmp", path_ + "/..data");
        for (const auto& [name, content] : files) {
            if (!fs::is_symlink(path_ + "/" + name)) fs::create_symlink("..data/" + name, path_ + "/" + name);
        }
        for (const auto& entry : fs::directory_iterator(path_)) {
            const std::string name = entry.path().filename();
            if (!name.starts_with("..") && !files.contains(name)) fs::remove(entry.path());
        }
    }
    // As if they had been written that long ago.
    void age(std::chrono::seconds age) const {
        const timespec at{std::time(nullptr) - age.count(), 0};
        const timespec times[] = {at, at};
        for (const auto& entry : fs::directory_iterator(path_ + "/..data/")) {
            utimensat(AT_FDCWD, entry.path().c_str(), times, 0);
        }
    }

private:
    const std::string path_;
    int versions_ = 0;
};

class UserKeys : public testing::Test {
protected:
    UserKeys() : user_(sandbox_, "user"), secret_(sandbox_.folder() + "/mounted") {
        user_.set("TOKEN_KEYS_DIR", sandbox_.folder() + "/mounted");
    }
    ~UserKeys() override { EXPECT_EQ(stop_being_busy(), 0); }

    void start() {
        user_.start();
        client_.emplace(user_.client());
        const support::Answer made =
            client_->post("/api/v1/register",
                          Json{{"email", "jo@example.com"}, {"password", kPassword}, {"first_name", "Jo"}, {"last_name", "Do"}});
        ASSERT_EQ(made.status, 201) << made.body;
        token_ = made.json()["token"];
    }
    // Asks for the profile with the first token and with fresh ones, until stop_being_busy(), which tells how many were refused.
    void be_busy() {
        busy_ = std::thread([this] {
            HttpClient client = user_.client();
            while (!stop_) {
                for (const std::string& token : {token_, log_in(client)}) {
                    if (status_of(client, token) != 200) ++refused_;
                }
            }
        });
    }
    int stop_being_busy() {
        stop_ = true;
        if (busy_.joinable()) busy_.join();
        return refused_;
    }

    static std::string log_in(HttpClient& client) {
        return client.post("/api/v1/login", Json{{"email", "jo@example.com"}, {"password", kPassword}}).json()["token"];
    }
    static int status_of(HttpClient& client, const std::string& token) {
        return client.get("/api/v1/profile", {{"Authorization", "Bearer " + token}}).status;
    }
    int status() { return status_of(*client_, token_); }
    std::size_t published() { return client_->get("/api/v1/jwks.json").json()["keys"].size(); }
    std::string signs_by() {
        const std::string token = log_in(*client_);
        return Json::parse(*identity::base64url_decoded(token.substr(0, token.find('.'))))["alg"];
    }

    static constexpr const char* kPassword = "correct horse battery";
    const std::string old_ = pem_of(identity_test::ed25519());
    const std::string new_ = pem_of(identity_test::p256());
    Sandbox sandbox_;
    ServiceProcess user_;
    MountedSecret secret_;
    std::optional<HttpClient> client_;
    std::string token_;

private:
    std::thread busy_;
    std::atomic<bool> stop_{false};
    std::atomic<int> refused_{0};
};

TEST_F(UserKeys, ChangeByAgeWithoutAFailedRequest) {
    secret_.set({{"1.pem", old_}});
    secret_.age(std::chrono::hours{1});
    start();
    EXPECT_EQ(client_->get("/api/v1/jwks.json").header("Cache-Control"), "public, max-age=300");
    EXPECT_EQ(published(), 1U);
    be_busy();
    secret_.set({{"1.pem", old_}, {"2.pem", new_}});
    EXPECT_TRUE(eventually([&] { return published() == 2; }));
    EXPECT_EQ(signs_by(), "EdDSA");  // Verifiers must have the other first.
    secret_.age(std::chrono::minutes{11});
    EXPECT_TRUE(eventually([&] { return signs_by() == "ES256"; }));
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(stop_being_busy(), 0);
    secret_.set({{"2.pem", new_}});  // Whoever removes a key takes its tokens back.
    EXPECT_TRUE(eventually([&] { return status() == 401; }));
    EXPECT_EQ(published(), 1U);
}

TEST_F(UserKeys, ChangeByNameWithoutAFailedRequest) {
    secret_.set({{"b.pem", old_}, {"signing-key", "b.pem"}});
    start();
    be_busy();
    secret_.set({{"a.pem", new_}, {"b.pem", old_}, {"signing-key", "b.pem"}});
    EXPECT_TRUE(eventually([&] { return published() == 2; }));
    EXPECT_EQ(signs_by(), "EdDSA");
    secret_.set({{"a.pem", new_}, {"b.pem", old_}, {"signing-key", "a.pem"}});
    EXPECT_TRUE(eventually([&] { return signs_by() == "ES256"; }));
    EXPECT_EQ(status(), 200);
    secret_.set({{"a.pem", new_}, {"b.pem", old_}, {"signing-key", "c.pem"}});  // A mistake changes nothing.
    EXPECT_TRUE(eventually([&] { return user_.log().find("c.pem, which is to sign") != std::string::npos; }));
    EXPECT_EQ(signs_by(), "ES256");
    EXPECT_EQ(stop_being_busy(), 0);
    secret_.set({{"a.pem", new_}, {"signing-key", "a.pem"}});
    EXPECT_TRUE(eventually([&] { return status() == 401; }));
    EXPECT_EQ(signs_by(), "ES256");
}

}  // namespace
}  // namespace services
