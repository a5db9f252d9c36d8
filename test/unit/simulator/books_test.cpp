// The provider's books: what is answered, what is refused, and that they add up.
#include "simulator/books.h"

#include <gtest/gtest.h>

namespace simulator {

namespace {

Record authorization(const std::string& id, const std::string& key, std::int64_t amount = 1999) {
    return {
        "authorize", key, "authorize " + std::to_string(amount), "2026-01-01T00:00:00Z", {id, "", amount, "EUR", "order-" + id}};
}

Record change(const std::string& operation, const std::string& id, const std::string& key) {
    return {operation, key, operation + " " + id, "2026-01-01T00:00:00Z", {id, "", 0, "", ""}};
}

// As the API does it.
Verdict act(Books& books, const Decision& decision) {
    if (decision.verdict == Verdict::Act) books.apply(decision.record);
    return decision.verdict;
}

std::int64_t total(const Books& books, const std::string& account) {
    const auto found = books.totals().find({account, "EUR"});
    return found == books.totals().end() ? 0 : found->second;
}

TEST(Books, AnAmountGoesFromTheCardToTheMerchantAndBack) {
    Books books;
    ASSERT_EQ(act(books, books.authorize(authorization("a", "1"), "tok")), Verdict::Act);
    EXPECT_EQ(books.find("a")->status, "authorized");
    EXPECT_EQ(total(books, "holds"), 1999);
    ASSERT_EQ(act(books, books.change(change("capture", "a", "2"))), Verdict::Act);
    EXPECT_EQ(total(books, "holds"), 0);
    EXPECT_EQ(total(books, "merchant"), 1999);
    ASSERT_EQ(act(books, books.change(change("refund", "a", "3"))), Verdict::Act);
    EXPECT_EQ(total(books, "merchant"), 0);
    EXPECT_EQ(total(books, "cards"), 0);
    EXPECT_EQ(books.entries().size(), 6U);
    EXPECT_TRUE(books.balanced());
}

TEST(Books, AVoidedAmountGoesBackToTheCard) {
    Books books;
    act(books, books.authorize(authorization("a", "1"), "tok"));
    EXPECT_EQ(act(books, books.change(change("void", "a", "2"))), Verdict::Act);
    EXPECT_EQ(total(books, "holds"), 0);
    EXPECT_EQ(act(books, books.change(change("capture", "a", "3"))), Verdict::Conflict);
}

TEST(Books, ADeclinedOneMovesNothing) {
    Books books;
    EXPECT_EQ(act(books, books.authorize(authorization("a", "1"), kDeclinedToken)), Verdict::Act);
    EXPECT_EQ(books.find("a")->status, "declined");
    EXPECT_TRUE(books.entries().empty());
    EXPECT_EQ(act(books, books.change(change("capture", "a", "2"))), Verdict::Conflict);
}

TEST(Books, ARepetitionGetsTheFirstAnswerWhateverCameAfterIt) {
    Books books;
    act(books, books.authorize(authorization("a", "1"), "tok"));
    act(books, books.change(change("capture", "a", "2")));
    const Decision again = books.authorize(authorization("b", "1"), "tok");
    EXPECT_EQ(again.verdict, Verdict::Repeat);
    EXPECT_EQ(again.record.outcome.id, "a");
    EXPECT_EQ(again.record.outcome.status, "authorized");
    EXPECT_EQ(books.change(change("capture", "a", "2")).verdict, Verdict::Repeat);
    EXPECT_EQ(books.entries().size(), 4U);
}

TEST(Books, AKeyStandsForOneRequest) {
    Books books;
    act(books, books.authorize(authorization("a", "1"), "tok"));
    EXPECT_EQ(books.authorize(authorization("b", "1", 1), "tok").verdict, Verdict::OtherUse);
    EXPECT_EQ(books.change(change("capture", "a", "1")).verdict, Verdict::OtherUse);
}

TEST(Books, ARefusalDoesNotUseUpItsKey) {
    Books books;
    EXPECT_EQ(act(books, books.change(change("capture", "a", "2"))), Verdict::Unknown);
    act(books, books.authorize(authorization("a", "1"), "tok"));
    EXPECT_EQ(act(books, books.change(change("capture", "a", "2"))), Verdict::Act);
}

TEST(Books, AreTheSumOfTheirRecords) {
    Books books;
    Books replayed;
    for (const Decision& decision : {books.authorize(authorization("a", "1"), "tok")}) {
        act(books, decision);
        replayed.apply(record_from(nlohmann::json::parse(json_of(decision.record).dump())));
    }
    const Decision capture = books.change(change("capture", "a", "2"));
    act(books, capture);
    replayed.apply(record_from(json_of(capture.record)));
    EXPECT_EQ(replayed.totals(), books.totals());
    EXPECT_EQ(replayed.by_reference("order-a").front().status, "captured");
    EXPECT_EQ(replayed.authorize(authorization("b", "1"), "tok").verdict, Verdict::Repeat);
}

}  // namespace

}  // namespace simulator
