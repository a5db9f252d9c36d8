// Passwords, accounts as JSON, and the rules of sessions.
#include <crypt.h>
#include <gtest/gtest.h>

#include <set>

#include "common/identity/session.h"
#include "user/account_rules.h"
#include "user/passwords.h"

namespace user {
namespace {

using namespace std::chrono_literals;

// As accounts from elsewhere have it. Cost 4, the lowest, since the tests need not be slow.
std::string bcrypt(const std::string& password, const std::string& kind) {
    crypt_data work{};
    return crypt_r(password.c_str(), (kind + "04$abcdefghijklmnopqrstuu").c_str(), &work);
}

TEST(Passwords, MatchTheirOwnHashAlone) {
    const std::string hash = hash_of("correct horse");
    EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
    EXPECT_TRUE(matches("correct horse", hash));
    EXPECT_FALSE(matches("correct horsf", hash));
    EXPECT_FALSE(matches("correct horse ", hash));
    EXPECT_FALSE(matches("", hash));
}

TEST(Passwords, AreSaltedEachTime) {
    EXPECT_NE(hash_of("correct horse"), hash_of("correct horse"));
}

TEST(Passwords, CountInFullLength) {
    const std::string longest(128, 'x');
    const std::string hash = hash_of(longest);
    EXPECT_TRUE(matches(longest, hash));
    EXPECT_FALSE(matches(longest.substr(0, 127), hash));
}

TEST(Passwords, OfBcryptAreAcceptedInEachOfItsSpellings) {
    for (const char* const kind : {"$2a$", "$2b$", "$2y$"}) {
        const std::string hash = bcrypt("correct horse", kind);
        EXPECT_TRUE(matches("correct horse", hash)) << hash;
        EXPECT_FALSE(matches("wrong horse", hash)) << hash;
        EXPECT_TRUE(is_outdated(hash));
    }
}

TEST(Passwords, MatchNoTextThatIsNoHash) {
    const std::string good = hash_of("x");
    std::string costly = bcrypt("x", "$2b$");
    costly.replace(4, 2, "31");
    for (const std::string& hash :
         {std::string(), std::string("x"), std::string("$argon2id$"), good.substr(0, 40), std::string("$1$abc$"),
          bcrypt("x", "$2b$").substr(0, 59), std::string("$2b$") + std::string(56, '*'), costly}) {
        EXPECT_FALSE(matches("x", hash)) << hash;
        EXPECT_FALSE(matches("", hash)) << hash;
    }
}

TEST(Passwords, AreOutdatedUnlessHashedAsNow) {
    EXPECT_FALSE(is_outdated(hash_of("x")));
    EXPECT_TRUE(is_outdated("$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$aGFzaA"));
}

TEST(Passwords, OfNobodyTakeAsLongAndNeverMatch) {
    EXPECT_FALSE(is_outdated(nobodys_hash()));
    EXPECT_FALSE(matches("", nobodys_hash()));
    const auto fastest = [](const std::string& hash) {
        auto best = 1h + 0ns;
        for (int i = 0; i < 5; ++i) {
            const auto from = std::chrono::steady_clock::now();
            matches("password", hash);
            best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - from);
        }
        return static_cast<double>(best.count());
    };
    // A text that can't be decoded would be refused in microseconds.
    EXPECT_GT(fastest(nobodys_hash()), 0.3 * fastest(hash_of("x")));
}

TEST(BearerToken, IsReadFromTheHeader) {
    EXPECT_EQ(bearer_token("Bearer abc"), "abc");
    EXPECT_EQ(bearer_token("bearer  abc "), "abc");
    for (const char* const header : {"", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"})
        EXPECT_FALSE(bearer_token(header)) << header;
}

TEST(Claims, SayWhoAndForHowLong) {
    const base::WallTime now{std::chrono::seconds{1'800'000'000} + 999ms};
    const identity::Claims claims = claims_of("user", "session", now);
    EXPECT_EQ(claims.subject, "user");
    EXPECT_EQ(claims.session, "session");
    EXPECT_EQ(claims.issuer, identity::kIssuer);
    EXPECT_EQ(claims.audience, identity::kAudience);
    EXPECT_EQ(claims.issued_at, 1'800'000'000);
    EXPECT_EQ(claims.not_before, 1'800'000'000);
    EXPECT_EQ(claims.expires, 1'800'000'900);
}

TEST(Secrets, AreLongAndNeverTheSame) {
    std::set<std::string> secrets;
    for (int i = 0; i < 100; ++i) {
        const std::string secret = new_secret();
        EXPECT_EQ(secret.size(), 43U);
        EXPECT_EQ(digest_of(secret), digest_of(secret));
        EXPECT_NE(digest_of(secret), secret);
        secrets.insert(secret);
    }
    EXPECT_EQ(secrets.size(), 100U);
}

TEST(Attempts, AreCountedWithoutNamingAnybody) {
    EXPECT_EQ(attempts_key_of_account("jo@example.com").find("jo"), std::string::npos);
    EXPECT_NE(attempts_key_of_account("a"), attempts_key_of_address("a"));
}

TEST(Address, IsWhatTheNearestProxySaw) {
    EXPECT_EQ(address_of("", "10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(address_of("203.0.113.7", "10.0.0.1"), "203.0.113.7");
    EXPECT_EQ(address_of("1.2.3.4, 203.0.113.7", "10.0.0.1"), "203.0.113.7");  // The first one anybody can write.
    EXPECT_EQ(address_of("1.2.3.4, ", "10.0.0.1"), "10.0.0.1");
}

TEST(AccountJson, SaysNothingOfPasswords) {
    const nlohmann::json json = json_of(Account{"id", "jo@example.com", "Jo", "Do", "2026-01-02T03:04:05Z"});
    EXPECT_EQ(json, (nlohmann::json{{"id", "id"},
                                    {"email", "jo@example.com"},
                                    {"first_name", "Jo"},
                                    {"last_name", "Do"},
                                    {"created_at", "2026-01-02T03:04:05Z"}}));
    EXPECT_EQ(json_of(Preferences{}), (nlohmann::json{{"categories", nlohmann::json::array()}, {"newsletter", false}}));
    EXPECT_EQ(json_of(std::vector<Visit>{})["items"], nlohmann::json::array());
}

}  // namespace
}  // namespace user
