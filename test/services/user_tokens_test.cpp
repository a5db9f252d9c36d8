// Tokens that the user service's own key has signed, and that do not count all the same.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/identity/session.h"
#include "common/identity/token.h"
#include "harness.h"

namespace services {
namespace {

TEST(UserTokens, CountOnlyInTimeForThisApiAndWithTheirSession) {
    Sandbox sandbox;
    ServiceProcess user(sandbox, "user");
    const std::string folder = sandbox.folder() + "/known-keys";
    std::filesystem::create_directories(folder);
    ASSERT_EQ(support::run({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder + "/a.pem"}).status, 0);
    user.set("TOKEN_KEYS_DIR", folder);
    user.start();
    const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    const identity::Signer signer = identity::Signer::from_folder(folder, now);
    const Json account = {
        {"email", "jo@example.com"}, {"password", "correct horse battery"}, {"first_name", "Jo"}, {"last_name", "Do"}};
    const Json made = user.client().post("/api/v1/register", account).json();
    const auto issued =
        identity::Verifier(signer.public_keys(), {std::string(identity::kIssuer), std::string(identity::kAudience)})
            .verify(made.at("token").get<std::string>(), now);
    ASSERT_TRUE(issued.claims);
    const auto status_with = [&](const identity::Claims& claims) {
        return user.client().get("/api/v1/profile", {{"Authorization", "Bearer " + signer.sign(claims)}}).status;
    };
    ASSERT_EQ(status_with(*issued.claims), 200);
    identity::Claims expired = *issued.claims, early = expired, audience = expired, issuer = expired, session = expired;
    expired.expires = expired.issued_at - 60;
    early.not_before = early.issued_at + 600;
    audience.audience = "another";
    issuer.issuer = "another";
    session.session = "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a";
    for (const identity::Claims& wrong : {expired, early, audience, issuer, session}) EXPECT_EQ(status_with(wrong), 401);
}

}  // namespace
}  // namespace services
