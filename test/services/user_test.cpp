// The user service as a process, against a real PostgreSQL and Redis.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "common/identity/session.h"
#include "harness.h"
#include "unit/identity/keys.h"

namespace services {
namespace {

using support::Answer;
using testing::HasSubstr;
using testing::Not;

const char* const kPassword = "correct horse battery";

Json account(const std::string& email) {
    return {{"email", email}, {"password", kPassword}, {"first_name", "Jo"}, {"last_name", "Do"}};
}

Json login(const std::string& email, const std::string& password = kPassword) {
    return {{"email", email}, {"password", password}};
}

support::Headers bearer(const Json& tokens) {
    return {{"Authorization", "Bearer " + tokens["token"].get<std::string>()}};
}

Json token_part(const std::string& token, std::size_t part) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < part; ++i) from = token.find('.', from) + 1;
    return Json::parse(*identity::base64url_decoded(token.substr(from, token.find('.', from) - from)));
}

class UserService : public testing::Test {
protected:
    UserService() : user_(sandbox_, "user") {}
    void start() {
        user_.start();
        client_.emplace(user_.client());
    }
    Json register_user(const std::string& email) {
        const Answer answer = client_->post("/api/v1/register", account(email));
        EXPECT_EQ(answer.status, 201) << answer.body;
        return answer.json();
    }
    int profile_status(const Json& tokens) { return client_->get("/api/v1/profile", bearer(tokens)).status; }

    Sandbox sandbox_;
    ServiceProcess user_;
    std::optional<HttpClient> client_;
};

class RunningUserService : public UserService {
protected:
    RunningUserService() { start(); }
};

TEST_F(RunningUserService, RegistersLogsInAndShowsTheProfile) {
    const Json made = register_user("Jo@Example.com");
    EXPECT_EQ(made["user"]["email"], "jo@example.com");
    EXPECT_EQ(made["token_type"], "Bearer");
    EXPECT_EQ(made["expires_in"], 900);
    const Answer in = client_->post("/api/v1/login", login("JO@example.COM"));
    ASSERT_EQ(in.status, 200) << in.body;
    EXPECT_EQ(in.json()["user"], made["user"]);
    EXPECT_THAT(in.header("Cache-Control").value_or(""), HasSubstr("no-store"));
    for (const Json& tokens : {made, in.json()}) {
        const Answer profile = client_->get("/api/v1/profile", bearer(tokens));
        ASSERT_EQ(profile.status, 200) << profile.body;
        EXPECT_EQ(profile.json(), made["user"]);
    }
    const std::string token = made["token"];
    EXPECT_EQ(token_part(token, 0)["alg"], "EdDSA");
    const Json claims = token_part(token, 1);
    EXPECT_EQ(claims["iss"], "ecommerce-platform");
    EXPECT_EQ(claims["aud"], "ecommerce-api");
    EXPECT_EQ(claims["sub"], made["user"]["id"]);
    EXPECT_EQ(claims["exp"].get<int>() - claims["iat"].get<int>(), 900);
}

TEST_F(RunningUserService, SaysWhatIsWrongWithARegistration) {
    const Answer answer =
        client_->post("/api/v1/register", Json{{"email", "nonsense"}, {"password", "short"}, {"last_name", ""}, {"x", 1}});
    EXPECT_EQ(answer.status, 400);
    std::set<std::string> fields;
    const Json problem = answer.json();
    for (const Json& error : problem["errors"]) fields.insert(error["field"]);
    EXPECT_THAT(fields, testing::UnorderedElementsAre("/email", "/password", "/first_name", "/last_name", "/x"));
    EXPECT_THAT(answer.body, Not(HasSubstr("short")));
    Json longest = account("long@example.com");
    longest["password"] = std::string(129, 'x');
    EXPECT_EQ(client_->post("/api/v1/register", longest).status, 400);
}

TEST_F(RunningUserService, TakesOneOfTwentyEqualRegistrationsAtOnce) {
    std::atomic<int> ready{0};
    std::vector<std::future<int>> answers;
    for (int i = 0; i < 20; ++i) {
        answers.push_back(std::async(std::launch::async, [&, i] {
            HttpClient client = user_.client();
            for (++ready; ready < 20;) std::this_thread::yield();
            return client.post("/api/v1/register", account(i % 2 == 0 ? "twin@example.com" : "TWIN@example.com")).status;
        }));
    }
    std::multiset<int> statuses;
    for (auto& answer : answers) statuses.insert(answer.get());
    EXPECT_EQ(statuses.count(201), 1U);
    EXPECT_EQ(statuses.count(409), 19U);
    EXPECT_EQ(sandbox_.query("users", "SELECT count(*) FROM users")[0][0].as<int>(), 1);
}

TEST_F(RunningUserService, AnswersWrongPasswordsAndUnknownAddressesAlike) {
    register_user("jo@example.com");
    const Answer wrong = client_->post("/api/v1/login", login("jo@example.com", "wrong horse battery"));
    const Answer unknown = client_->post("/api/v1/login", login("nobody@example.com"));
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(unknown.status, 401);
    EXPECT_EQ(wrong.json()["detail"], unknown.json()["detail"]);
    // Both take the work of one hash, whatever else the machine does meanwhile.
    const auto work = [&](const std::string& email) {
        const double before = user_.metric("process_cpu_seconds_total");
        for (int i = 0; i < 8; ++i) client_->post("/api/v1/login", login(email, "wrong horse battery"));
        return user_.metric("process_cpu_seconds_total") - before;
    };
    const double ratio = work("jo@example.com") / work("nobody@example.com");
    EXPECT_GT(ratio, 0.5);
    EXPECT_LT(ratio, 2.0);
}

TEST_F(RunningUserService, HoldsBackWhoeverGuessesPasswords) {
    register_user("jo@example.com");
    int status = 401;
    int tries = 0;
    for (; status == 401 && tries < 60; ++tries)
        status = client_->post("/api/v1/login", login("jo@example.com", "guess number " + std::to_string(tries))).status;
    EXPECT_EQ(status, 429);
    EXPECT_EQ(tries, 51);
    const Answer right = client_->post("/api/v1/login", login("jo@example.com"));
    EXPECT_EQ(right.status, 429);
    EXPECT_TRUE(right.header("Retry-After"));
    register_user("other@example.com");
    EXPECT_EQ(client_->post("/api/v1/login", login("other@example.com")).status, 200);
}

TEST_F(RunningUserService, RotatesRefreshTokensAndEndsTheSessionWhenOneComesTwice) {
    const Json first = register_user("jo@example.com");
    const Json elsewhere = client_->post("/api/v1/login", login("jo@example.com")).json();
    const auto refresh = [&](const Json& tokens) {
        return client_->post("/api/v1/refresh", Json{{"refresh_token", tokens["refresh_token"]}});
    };
    const Answer second = refresh(first);
    ASSERT_EQ(second.status, 200) << second.body;
    EXPECT_NE(second.json()["refresh_token"], first["refresh_token"]);
    EXPECT_FALSE(second.json().contains("user"));
    EXPECT_EQ(profile_status(second.json()), 200);
    EXPECT_EQ(profile_status(first), 200);

    EXPECT_EQ(refresh(first).status, 401);  // Somebody has a copy.
    EXPECT_EQ(refresh(second.json()).status, 401);
    EXPECT_EQ(profile_status(second.json()), 401);
    EXPECT_EQ(profile_status(first), 401);
    EXPECT_EQ(profile_status(elsewhere), 200);  // Another sign-in.
    EXPECT_EQ(refresh(elsewhere).status, 200);
    EXPECT_EQ(refresh(Json{{"refresh_token", "nonsense"}}).status, 401);
    EXPECT_EQ(user_.metric("refresh_tokens_reused_total"), 1);
    for (const auto& row : sandbox_.query("users", "SELECT digest FROM refresh_tokens"))
        EXPECT_NE(row[0].as<std::string>(), elsewhere["refresh_token"].get<std::string>());
}

TEST_F(RunningUserService, TakesARefreshTokenOnceHoweverManyAskAtOnce) {
    const Json tokens = register_user("jo@example.com");
    std::vector<std::future<int>> answers;
    for (int i = 0; i < 8; ++i) {
        answers.push_back(std::async(std::launch::async, [&] {
            return user_.client().post("/api/v1/refresh", Json{{"refresh_token", tokens["refresh_token"]}}).status;
        }));
    }
    int good = 0;
    for (auto& answer : answers) good += answer.get() == 200 ? 1 : 0;
    EXPECT_LE(good, 1);  // None where the session ended before the winner was answered.
    EXPECT_EQ(profile_status(tokens), 401);
}

TEST_F(RunningUserService, EndsTheSessionAtLogout) {
    const Json tokens = register_user("jo@example.com");
    EXPECT_EQ(client_->request("POST", "/api/v1/logout", "", bearer(tokens)).status, 204);
    EXPECT_EQ(profile_status(tokens), 401);
    EXPECT_EQ(client_->post("/api/v1/refresh", Json{{"refresh_token", tokens["refresh_token"]}}).status, 401);
    EXPECT_EQ(client_->request("POST", "/api/v1/logout", "", bearer(tokens)).status, 401);
    EXPECT_EQ(client_->request("POST", "/api/v1/logout").status, 401);
}

TEST_F(RunningUserService, RefusesForgedTokens) {
    using namespace identity_test;
    const Json made = register_user("jo@example.com");
    const std::string token = made["token"];
    const Json header = token_part(token, 0);
    const Json claims = token_part(token, 1);
    const auto with = [](Json object, const char* name, const Json& value) {
        object[name] = value;
        return object.dump();
    };
    const Key own = ed25519();
    const std::vector<std::string> forged_tokens{
        "",
        "nonsense",
        unsigned_part(with(header, "alg", "none"), claims.dump()) + ".",
        unsigned_part(with(header, "alg", "HS256"), claims.dump()) + "." + identity::base64url(hmac("key", "text")),
        forged(own, header.dump(), claims.dump()),
        forged(own, with(header, "kid", "unknown"), claims.dump()),
        unsigned_part(header.dump(), with(claims, "exp", claims["exp"].get<int>() + 1)) + token.substr(token.rfind('.')),
        token.substr(0, token.size() - 1),
        token + "A",
    };
    for (const std::string& each : forged_tokens) {
        const Answer answer = client_->get("/api/v1/profile", {{"Authorization", "Bearer " + each}});
        EXPECT_EQ(answer.status, 401) << each;
        EXPECT_THAT(answer.header("WWW-Authenticate").value_or(""), HasSubstr("Bearer"));
    }
    EXPECT_EQ(client_->get("/api/v1/profile").status, 401);
    EXPECT_EQ(profile_status(made), 200);
}

TEST_F(RunningUserService, ChangesProfileAndPreferences) {
    const Json tokens = register_user("jo@example.com");
    const support::Headers as = bearer(tokens);
    const Answer changed = client_->patch("/api/v1/profile", Json{{"first_name", "Joséphine 🐎"}}, as);
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(changed.json()["first_name"], "Joséphine 🐎");
    EXPECT_EQ(changed.json()["last_name"], "Do");
    EXPECT_EQ(client_->get("/api/v1/profile", as).json(), changed.json());
    EXPECT_EQ(client_->patch("/api/v1/profile", Json::object(), as).status, 400);
    EXPECT_EQ(client_->patch("/api/v1/profile", Json{{"email", "other@example.com"}}, as).status, 400);
    EXPECT_EQ(client_->patch("/api/v1/profile", Json{{"first_name", "x"}}).status, 401);

    EXPECT_EQ(client_->get("/api/v1/preferences", as).json(), (Json{{"categories", Json::array()}, {"newsletter", false}}));
    const Json wanted{{"categories", {"books", "ga\"mes,{}"}}, {"newsletter", true}};
    EXPECT_EQ(client_->put("/api/v1/preferences", wanted, as).status, 200);
    EXPECT_EQ(client_->get("/api/v1/preferences", as).json(), wanted);
    const std::string id = tokens["user"]["id"];
    EXPECT_EQ(client_->get("/internal/v1/users/" + id + "/preferences").json(), wanted);
    EXPECT_EQ(client_->get("/internal/v1/users/00000000-0000-0000-0000-000000000000/preferences").status, 404);
    EXPECT_EQ(client_->get("/internal/v1/users/nonsense/preferences").status, 404);
}

TEST_F(RunningUserService, RemembersTheLastFiftyProducts) {
    const std::string history =
        "/internal/v1/users/" + register_user("jo@example.com")["user"]["id"].get<std::string>() + "/history";
    const auto visit = [&](int number) {
        std::string digits = std::to_string(1000 + number);
        return client_
            ->post(history,
                   Json{{"product_id", "00000000-0000-0000-0000-00000000" + digits}, {"category", "c" + std::to_string(number)}})
            .status;
    };
    EXPECT_EQ(client_->get(history).json(), (Json{{"items", Json::array()}}));
    for (int i = 0; i < 55; ++i) ASSERT_EQ(visit(i), 204);
    ASSERT_EQ(visit(20), 204);  // Again: it moves to the front.
    const Json items = client_->get(history).json()["items"];
    ASSERT_EQ(items.size(), 50U);
    EXPECT_EQ(items[0]["category"], "c20");
    EXPECT_EQ(items[1]["category"], "c54");
    EXPECT_EQ(items[49]["category"], "c5");
    EXPECT_EQ(sandbox_.query("users", "SELECT count(*) FROM history")[0][0].as<int>(), 50);
    const std::string nobody = "/internal/v1/users/00000000-0000-0000-0000-000000000000/history";
    EXPECT_EQ(client_->get(nobody).status, 404);
    EXPECT_EQ(client_->post(nobody, Json{{"product_id", "00000000-0000-0000-0000-000000000001"}, {"category", "c"}}).status, 404);
}

TEST_F(RunningUserService, AcceptsBcryptOnceAndHashesAnew) {
    const std::string hash = "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.";  // Of kPassword.
    sandbox_.query("users",
                   "INSERT INTO users (id, email, password_hash, first_name, last_name) VALUES "
                   "('00000000-0000-0000-0000-000000000001', 'old@example.com', '" +
                       hash + "', 'Old', 'Timer')");
    const auto stored = [&] { return sandbox_.query("users", "SELECT password_hash FROM users")[0][0].as<std::string>(); };
    EXPECT_EQ(client_->post("/api/v1/login", login("old@example.com", "wrong horse")).status, 401);
    EXPECT_EQ(stored(), hash);
    EXPECT_EQ(client_->post("/api/v1/login", login("old@example.com")).status, 200);
    EXPECT_THAT(stored(), testing::StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
    EXPECT_EQ(client_->post("/api/v1/login", login("old@example.com")).status, 200);
    EXPECT_EQ(user_.metric("password_rehashes_total"), 1);
}

TEST_F(RunningUserService, TakesSqlForText) {
    const std::vector<std::string> attacks{
        "' OR '1'='1", "'; DROP TABLE users; --", "\\'; SELECT pg_sleep(5); --", "$1", "%s", "{\"a\":1}", "NULL", "Robert'); --"};
    const Json tokens = register_user("jo@example.com");
    const support::Headers as = bearer(tokens);
    int number = 0;
    for (const std::string& attack : attacks) {
        SCOPED_TRACE(attack);
        Json person = account("sql" + std::to_string(number++) + "@example.com");
        person["password"] = attack + " and more";
        person["first_name"] = person["last_name"] = attack;
        const Answer made = client_->post("/api/v1/register", person);
        ASSERT_EQ(made.status, 201) << made.body;
        EXPECT_EQ(made.json()["user"]["first_name"], attack);
        EXPECT_EQ(client_->post("/api/v1/login", login(person["email"], person["password"])).status, 200);
        EXPECT_EQ(client_->post("/api/v1/login", login("jo@example.com", attack)).status, 401);
        EXPECT_EQ(client_->post("/api/v1/login", login(attack, attack)).status, 400);
        EXPECT_EQ(client_->post("/api/v1/login", login("'or'1'='1'--@example.com", attack)).status, 401);
        EXPECT_EQ(client_->post("/api/v1/refresh", Json{{"refresh_token", attack}}).status, 401);
        EXPECT_EQ(client_->patch("/api/v1/profile", Json{{"first_name", attack}, {"last_name", attack}}, as).json()["last_name"],
                  attack);
        const Json wanted{{"categories", {attack}}, {"newsletter", false}};
        EXPECT_EQ(client_->put("/api/v1/preferences", wanted, as).json(), wanted);
        const std::string history = "/internal/v1/users/" + tokens["user"]["id"].get<std::string>() + "/history";
        EXPECT_EQ(
            client_->post(history, Json{{"product_id", "00000000-0000-0000-0000-000000000001"}, {"category", attack}}).status,
            204);
        EXPECT_EQ(client_->get(history).json()["items"][0]["category"], attack);
    }
    EXPECT_EQ(sandbox_.query("users", "SELECT count(*) FROM users")[0][0].as<std::size_t>(), attacks.size() + 1);
}

TEST_F(RunningUserService, ServesProfilesWhileRedisIsDown) {
    const Json tokens = register_user("jo@example.com");
    sandbox_.stop_redis();
    EXPECT_EQ(profile_status(tokens), 200);
    const Answer in = client_->post("/api/v1/login", login("jo@example.com"));
    EXPECT_EQ(in.status, 200) << in.body;
    EXPECT_EQ(profile_status(in.json()), 200);
    EXPECT_GE(user_.metric("session_checks_total{outcome=\"unknown\"}"), 2);
    EXPECT_EQ(user_.admin().get("/readyz").status, 200);

    sandbox_.start_redis();  // Without any session: a refresh brings one back.
    ASSERT_TRUE(eventually([&] { return profile_status(in.json()) == 401; }));
    const Answer refreshed = client_->post("/api/v1/refresh", Json{{"refresh_token", in.json()["refresh_token"]}});
    ASSERT_EQ(refreshed.status, 200) << refreshed.body;
    EXPECT_EQ(profile_status(refreshed.json()), 200);
}

TEST_F(UserService, AnswersThatTheDatabaseIsAwayAndRecoversByItself) {
    const Url database = Url::of(sandbox_.database_url("users"));
    const auto connect_by = [&](const support::Forwarder& forwarder) {
        Url url = database;
        url.host = "127.0.0.1";
        url.port = forwarder.port();
        user_.set_file("DATABASE_URL_FILE", url.text("postgresql"));
    };
    support::Forwarder wire(database.port);
    wire.open();
    connect_by(wire);
    start();
    const Json tokens = register_user("jo@example.com");

    wire.close();
    for (const Answer& answer :
         {client_->get("/api/v1/profile", bearer(tokens)), client_->post("/api/v1/login", login("jo@example.com")),
          client_->post("/api/v1/register", account("new@example.com")),
          client_->post("/api/v1/refresh", Json{{"refresh_token", tokens["refresh_token"]}})}) {
        EXPECT_EQ(answer.status, 503) << answer.body;
        EXPECT_TRUE(answer.header("Retry-After"));
    }
    EXPECT_EQ(client_->get("/api/v1/jwks.json").status, 200);
    EXPECT_TRUE(eventually([&] { return user_.admin().get("/readyz").status == 503; }));
    EXPECT_EQ(user_.admin().get("/livez").status, 200);

    support::Forwarder other(database.port);  // The database is back, at another address.
    other.open();
    connect_by(other);
    EXPECT_TRUE(eventually([&] { return profile_status(tokens) == 200; }));
    EXPECT_TRUE(eventually([&] { return user_.admin().get("/readyz").status == 200; }));
    EXPECT_EQ(client_->post("/api/v1/refresh", Json{{"refresh_token", tokens["refresh_token"]}}).status, 200);
}

TEST_F(RunningUserService, NeverWritesPasswordsAndTokensToItsLog) {
    ASSERT_EQ(user_.admin().request("PUT", "/loglevel", "debug").status, 200);
    const Json tokens = register_user("jo@example.com");
    client_->post("/api/v1/login", login("jo@example.com", "wrong horse battery"));
    client_->post("/api/v1/refresh", Json{{"refresh_token", tokens["refresh_token"]}});
    client_->post("/api/v1/refresh", Json{{"refresh_token", tokens["refresh_token"]}});
    const std::string log = user_.log();
    for (const std::string& secret :
         std::vector<std::string>{std::string(kPassword), std::string("wrong horse"), tokens["refresh_token"].get<std::string>(),
                                  tokens["token"].get<std::string>(), std::string("jo@example.com")})
        EXPECT_THAT(log, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace services
