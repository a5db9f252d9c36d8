// The gateway as a process, before a fake service that also issues tokens.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "common/http/input.h"
#include "common/identity/session.h"
#include "common/identity/token.h"
#include "fake_upstream.h"
#include "harness.h"

namespace services {

class GatewayTest : public testing::Test {
protected:
    GatewayTest() : gateway(sandbox, "gateway") {
        new_key("a");
        upstream.answer([this](const http::Request& request) { return serve(request); });
        for (const char* variable : {"USER_URL", "CATALOG_URL", "INVENTORY_URL", "ORDER_URL", "PAYMENT_URL"}) {
            gateway.set(variable, upstream.url());
        }
    }

    // As the user service publishes it; whatever else is asked for gets {}.
    http::Response serve(const http::Request& request) const {
        http::Response response;
        response.content_type = "application/json";
        response.body = request.path == "/api/v1/jwks.json" ? keys().dump() : "{}";
        return response;
    }

    // The user service has another key from then on, and only that.
    void new_key(const std::string& name) { folder_ = make_key(name); }
    std::string make_key(const std::string& name) const {
        const std::string folder = sandbox.folder() + "/keys-" + name;
        support::run({"mkdir", "-p", folder});
        const auto made = support::run({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder + "/a.pem"});
        if (made.status != 0) throw std::runtime_error("openssl genpkey: " + made.output);
        return folder;
    }
    static identity::Signer signer_of(const std::string& folder) { return identity::Signer::from_folder(folder, now()); }
    identity::Signer signer() const { return signer_of(folder_); }
    Json keys() const { return signer().public_keys().jwks(); }

    static base::WallTime now() {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
    static std::int64_t seconds() { return std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count(); }

    identity::Claims claims() const {
        return {user,      session,        std::string(identity::kIssuer), std::string(identity::kAudience), seconds(),
                seconds(), seconds() + 900};
    }
    std::string token() const { return signer().sign(claims()); }

    void redis(const std::vector<std::string>& command) {
        const Url url = Url::of(sandbox.redis_url());
        std::vector<std::string> words{"redis-cli", "-e", "-h", url.host, "-p", std::to_string(url.port)};
        if (!url.password.empty()) words.insert(words.end(), {"--user", url.user, "--pass", url.password, "--no-auth-warning"});
        words.insert(words.end(), command.begin(), command.end());
        const auto done = support::run(words);
        ASSERT_EQ(done.status, 0) << done.output;
    }
    void open_session() { redis({"SET", identity::session_key(session), user}); }
    void end_session() { redis({"DEL", identity::session_key(session)}); }

    int status_with(const std::string& bearer, const std::string& path = "/api/v1/cart") const {
        return gateway.client().get(path, {{"Authorization", "Bearer " + bearer}}).status;
    }
    // Requests that came through, without those for keys.
    std::vector<http::Request> passed() const {
        std::vector<http::Request> all = upstream.requests();
        std::erase_if(all, [](const http::Request& request) { return request.path == "/api/v1/jwks.json"; });
        return all;
    }

    const std::string user = http::new_uuid();
    const std::string session = http::new_uuid();
    Sandbox sandbox;
    FakeUpstream upstream;
    ServiceProcess gateway;

private:
    std::string folder_;
};

}  // namespace services
