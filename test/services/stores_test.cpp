// The stores that the tests use are there, and give each role and user its rights and no more.
#include <gmock/gmock.h>

#include "harness.h"

namespace services {
namespace {

std::string redis_cli(const std::string& url, std::vector<std::string> command) {
    const Url parts = Url::of(url);
    std::vector<std::string> words{"redis-cli", "-c", "-h", parts.host, "-p", std::to_string(parts.port)};
    words.insert(words.end(), {"--user", parts.user, "--pass", parts.password, "--no-auth-warning"});
    words.insert(words.end(), command.begin(), command.end());
    std::string output = support::run(words).output;
    while (output.ends_with('\n')) output.pop_back();
    return output;
}

TEST(PostgresStore, OwnerMakesTablesAndServingRoleOnlyUsesThem) {
    Sandbox sandbox;
    {
        pqxx::connection owner(sandbox.database_owner_url("orders"));
        pqxx::work work(owner);
        work.exec("CREATE TABLE things (id bigserial PRIMARY KEY, what text)");
        work.commit();
    }
    pqxx::connection serving(sandbox.database_url("orders"));
    pqxx::nontransaction work(serving);
    EXPECT_EQ(work.exec1("INSERT INTO things (what) VALUES ('one') RETURNING id")[0].as<int>(), 1);
    EXPECT_THROW(work.exec("DROP TABLE things"), pqxx::insufficient_privilege);
    EXPECT_THROW(work.exec("CREATE TABLE others ()"), pqxx::insufficient_privilege);
    EXPECT_EQ(sandbox.query("orders", "SELECT what FROM things")[0][0].as<std::string>(), "one");
}

TEST(PostgresStore, KeepsEachTestsRowsAndEachServicesDatabaseApart) {
    Sandbox one, other;
    one.query("users", "CREATE TABLE mine ()");
    EXPECT_THROW(other.query("users", "SELECT * FROM mine"), pqxx::undefined_table);
    std::string foreign = one.database_url("catalog");
    foreign.replace(foreign.rfind('/'), std::string::npos, "/users_" + one.name());
    EXPECT_THROW(pqxx::connection{foreign}, pqxx::broken_connection);
}

TEST(RedisStore, ServiceMayUseKeysAndNotAdminister) {
    const std::string url = Stores::get().variable("ECP_REDIS_URL_USER");
    EXPECT_EQ(redis_cli(url, {"SET", "stores-test", "1", "EX", "5"}), "OK");
    EXPECT_THAT(redis_cli(url, {"FLUSHALL"}), testing::HasSubstr("NOPERM"));
    EXPECT_THAT(redis_cli(url, {"CONFIG", "GET", "dir"}), testing::HasSubstr("NOPERM"));
}

TEST(RedisStore, ClusterSpreadsKeysOverThreeNodes) {
    const std::string url = Stores::get().variable("ECP_REDIS_CLUSTER_URL_GATEWAY");
    // Slots of these, by CRC16: 15495, 3300, 7365.
    for (const char* key : {"a", "b", "c"}) EXPECT_EQ(redis_cli(url, {"SET", key, key, "EX", "5"}), "OK");
    for (const char* key : {"a", "b", "c"}) EXPECT_EQ(redis_cli(url, {"GET", key}), key);
}

TEST(RedisStore, OfASandboxCanBeStoppedAndStarted) {
    Sandbox sandbox;
    EXPECT_EQ(redis_cli(sandbox.redis_url(), {"PING"}), "PONG");
    sandbox.stop_redis();
    EXPECT_THAT(redis_cli(sandbox.redis_url(), {"PING"}), testing::HasSubstr("refused"));
    sandbox.start_redis();
    EXPECT_EQ(redis_cli(sandbox.redis_url(), {"PING"}), "PONG");
}

TEST(RabbitmqStore, HasAVirtualHostForEachTestWithTheUsersRights) {
    std::string vhost;
    Url api = Url::of(Stores::get().variable("ECP_RABBITMQ_API"));
    const auto permissions = [&] {
        return support::run({"curl", "-s", "--noproxy", "*", "-u", api.user + ":" + api.password,
                             "http://127.0.0.1:" + std::to_string(api.port) + "/api/vhosts/" + vhost + "/permissions"})
            .output;
    };
    {
        Sandbox sandbox;
        vhost = sandbox.vhost();
        EXPECT_THAT(sandbox.amqp_url("order"), testing::EndsWith("/" + vhost));
        EXPECT_THAT(permissions(), testing::HasSubstr("^(ecommerce|order)"));
    }
    EXPECT_THAT(permissions(), testing::HasSubstr("Not Found"));
}

}  // namespace
}  // namespace services
