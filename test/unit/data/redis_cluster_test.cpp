// What the client reads from Redis' URL and from a cluster's answers, and which command belongs where.
#include "common/data/redis_cluster.h"

#include <gmock/gmock.h>

#include <stdexcept>

using data::key_of;
using data::key_slot;
using data::Redirection;
using data::redirection_of;
using data::Redis;
using data::redis_url_from;
using data::RedisNode;
using data::RedisUrl;
using data::slot_table_from;
using Kind = data::Redis::Reply::Kind;
using Reply = data::Redis::Reply;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

const RedisNode kAsked{"10.0.0.1", 7000};

Reply text(const std::string& value) {
    return {.kind = Kind::Text, .integer = 0, .text = value, .list = {}};
}
Reply number(std::int64_t value) {
    return {.kind = Kind::Integer, .integer = value, .text = {}, .list = {}};
}
Reply list(std::vector<Reply> values) {
    return {.kind = Kind::List, .integer = 0, .text = {}, .list = std::move(values)};
}
Reply error(const std::string& value) {
    return {.kind = Kind::Error, .integer = 0, .text = value, .list = {}};
}
Reply range(std::int64_t first, std::int64_t last, Reply host, std::int64_t port) {
    return list(
        {number(first), number(last), list({std::move(host), number(port), text("id")}), list({text("replica"), number(1)})});
}

TEST(KeySlot, IsWhatTheSpecificationComputes) {
    EXPECT_EQ(key_slot("123456789"), 0x31c3);  // Its own example.
    EXPECT_EQ(key_slot(""), 0);
    EXPECT_EQ(key_slot("foo"), 12182);  // As CLUSTER KEYSLOT answers.
    EXPECT_EQ(key_slot("bar"), 5061);
    EXPECT_EQ(key_slot("\xff\xfe"), key_slot(std::string("\xff\xfe")));
}

TEST(KeySlot, HashesTheTagAlone) {
    EXPECT_EQ(key_slot("{foo}.a"), key_slot("foo"));
    EXPECT_EQ(key_slot("a{foo}b{bar}"), key_slot("foo"));
    EXPECT_EQ(key_slot("a{{foo}}"), key_slot("{foo"));
    EXPECT_NE(key_slot("a{}{foo}"), key_slot("foo"));
    EXPECT_NE(key_slot("a{foo"), key_slot("foo"));
}

TEST(RedisUrl, IsRead) {
    const RedisUrl url = redis_url_from("redis://cat%40log:p%3Aw@shop-redis:7000/?cluster=true");
    EXPECT_EQ(url.user, "cat@log");
    EXPECT_EQ(url.password, "p:w");
    EXPECT_EQ(url.node, (RedisNode{"shop-redis", 7000}));
    EXPECT_TRUE(url.cluster);
    EXPECT_FALSE(redis_url_from("redis://a/").cluster);
    EXPECT_EQ(redis_url_from("redis://a").node, (RedisNode{"a", 6379}));
    EXPECT_EQ(redis_url_from("redis://:pw@[::1]:7000").node, (RedisNode{"::1", 7000}));
    EXPECT_EQ(redis_url_from("redis://[::1]").node, (RedisNode{"::1", 6379}));
    EXPECT_EQ(to_string(RedisNode{"::1", 7000}), "[::1]:7000");
}

TEST(RedisUrl, IsRefusedWithoutBeingQuoted) {
    for (const char* url :
         {"", "http://u:secret@h", "redis://", "redis://u:secret@", "redis://u:secret@h:0", "redis://u:secret@h:65536",
          "redis://u:secret@h:x", "redis://secret@h", "redis://u:secret%2@h", "redis://u:secret%zz@h", "redis://u:secret@h/1",
          "redis://u:secret@h/?cluster=maybe", "redis://u:secret@:7000", "redis://u:secret@::1:7000", "redis://u:secret@[h]:7000",
          "redis://u:secret@[[::1]]", "redis://u:secret@[::1", "redis://u:secret@h h"}) {
        try {
            redis_url_from(url);
            ADD_FAILURE() << url;
        } catch (const std::invalid_argument& refused) {
            EXPECT_THAT(refused.what(), Not(HasSubstr("secret"))) << url;
        }
    }
}

TEST(SlotTable, KnowsTheMasterOfEachSlot) {
    const auto table = slot_table_from(list({range(0, 99, text("a"), 7000), range(100, 16382, text("b"), 7001)}), kAsked);
    ASSERT_TRUE(table);
    EXPECT_EQ(*table->owner(0), (RedisNode{"a", 7000}));
    EXPECT_EQ(*table->owner(99), (RedisNode{"a", 7000}));
    EXPECT_EQ(*table->owner(100), (RedisNode{"b", 7001}));
    EXPECT_EQ(table->owner(16383), nullptr);
    EXPECT_FALSE(table->complete());
    EXPECT_THAT(table->nodes(), ElementsAre(RedisNode{"a", 7000}, RedisNode{"b", 7001}));
    EXPECT_TRUE(slot_table_from(list({range(0, 16383, text("a"), 7000)}), kAsked)->complete());
}

TEST(SlotTable, TakesTheAskedHostWhereNoneIsGiven) {
    EXPECT_EQ(slot_table_from(list({range(0, 1, text(""), 7)}), kAsked)->owner(0)->host, "10.0.0.1");
    EXPECT_EQ(slot_table_from(list({range(0, 1, Reply{}, 7)}), kAsked)->owner(0)->host, "10.0.0.1");
    EXPECT_EQ(slot_table_from(list({range(0, 1, text("?"), 7)}), kAsked)->owner(0), nullptr);
}

TEST(SlotTable, IsNotReadFromWhatIsNone) {
    EXPECT_FALSE(slot_table_from(error("ERR This instance has cluster support disabled"), kAsked));
    EXPECT_FALSE(slot_table_from(list({text("a")}), kAsked));
    EXPECT_FALSE(slot_table_from(list({list({number(0), number(1)})}), kAsked));
    EXPECT_FALSE(slot_table_from(list({list({number(0), number(1), list({text("a")})})}), kAsked));
    EXPECT_FALSE(slot_table_from(list({range(0, 16384, text("a"), 7)}), kAsked));
    EXPECT_FALSE(slot_table_from(list({range(2, 1, text("a"), 7)}), kAsked));
    EXPECT_FALSE(slot_table_from(list({range(-1, 1, text("a"), 7)}), kAsked));
    EXPECT_FALSE(slot_table_from(list({range(0, 1, text("a"), 0)}), kAsked));
}

TEST(Redirection, IsRead) {
    const auto moved = redirection_of(error("MOVED 3999 10.0.0.7:6381"), kAsked);
    ASSERT_TRUE(moved);
    EXPECT_FALSE(moved->asking);
    EXPECT_EQ(moved->slot, 3999);
    EXPECT_EQ(moved->node, (RedisNode{"10.0.0.7", 6381}));
    EXPECT_TRUE(redirection_of(error("ASK 3999 10.0.0.7:6381"), kAsked)->asking);
    EXPECT_EQ(redirection_of(error("MOVED 3999 :6381"), kAsked)->node, (RedisNode{"10.0.0.1", 6381}));
    EXPECT_EQ(redirection_of(error("MOVED 3999 fd00::7:6381"), kAsked)->node, (RedisNode{"fd00::7", 6381}));
}

TEST(Redirection, IsNotReadFromOtherErrors) {
    for (const char* other : {"ERR MOVED 1 a:1", "MOVED", "MOVED 1", "MOVED x a:1", "MOVED 16384 a:1", "MOVED 1 a", "MOVED 1 a:0",
                              "MOVED 1 a:65536", "ASKING 1 a:1"}) {
        EXPECT_FALSE(redirection_of(error(other), kAsked)) << other;
    }
    EXPECT_FALSE(redirection_of(text("MOVED 1 a:1"), kAsked));
}

TEST(Command, HasItsKeyFirstUnlessItIsAScript) {
    EXPECT_EQ(key_of({"GET", "k"}), "k");
    EXPECT_EQ(key_of({"evalsha", "sha", "2", "k", "l"}), "k");
    EXPECT_EQ(key_of({"EVAL", "return 1", "0"}), "");
    EXPECT_EQ(key_of({"PING"}), "");
    EXPECT_EQ(key_of({}), "");
}

TEST(Command, IsRepeatableWhereDoingItTwiceIsDoingItOnce) {
    EXPECT_TRUE(data::is_repeatable({"get", "k"}));
    EXPECT_TRUE(data::is_repeatable({"SET", "k", "NX", "PX", "1"}));
    EXPECT_TRUE(data::is_repeatable({"SET", "k"}));
    EXPECT_FALSE(data::is_repeatable({"SET", "k", "v", "PX", "1", "nx"}));
    EXPECT_FALSE(data::is_repeatable({"SET", "k", "v", "GET"}));
    EXPECT_FALSE(data::is_repeatable({"INCR", "k"}));
    EXPECT_FALSE(data::is_repeatable({"EVALSHA", "sha", "0"}));
    EXPECT_FALSE(data::is_repeatable({"DEL", "k"}));
    EXPECT_FALSE(data::is_repeatable({}));
}

}  // namespace
