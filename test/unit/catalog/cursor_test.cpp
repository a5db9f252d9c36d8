// Cursors.
#include "catalog/cursor.h"

#include <gtest/gtest.h>

#include <string>

namespace catalog {
namespace {

constexpr const char* kId = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST(Cursor, IsReadAsItWasWritten) {
    for (const Cursor& cursor : {Cursor{'p', "q", kId, ""}, Cursor{'s', "q", kId, ""}, Cursor{'t', "q", kId, "0.6079271"},
                                 Cursor{'t', "q", kId, "1e-20"}, Cursor{'t', "q", kId, "1.5e-05"}, Cursor{'t', "q", kId, "0"}}) {
        const auto read = cursor_from(to_text(cursor), "q");
        ASSERT_TRUE(read.has_value()) << cursor.rank;
        EXPECT_EQ(read->list, cursor.list);
        EXPECT_EQ(read->id, cursor.id);
        EXPECT_EQ(read->rank, cursor.rank);
    }
}

TEST(Cursor, CountsForItsOwnListOnly) {
    EXPECT_FALSE(cursor_from(to_text({'p', "one", kId, ""}), "other").has_value());
}

TEST(Cursor, IsOpaque) {
    const std::string text = to_text({'p', "q", kId, ""});
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), std::string::npos);
    EXPECT_EQ(text.find("01890a5d"), std::string::npos);
}

TEST(Cursor, NothingElseIsOne) {
    const std::string good = to_text({'p', "q", kId, ""});
    for (const std::string& text :
         {std::string{}, std::string{"x"}, good + "A", good.substr(1), "=" + good, std::string(300, 'A'), good + "="}) {
        EXPECT_FALSE(cursor_from(text, "q").has_value()) << text;
    }
    for (const char* rank :
         {"", "x", "1;DROP TABLE products", "NaN", "Infinity", "-1", "1e38", "1e999", "12345678", "99e37", ".5", "1.", "1e"}) {
        EXPECT_FALSE(cursor_from(to_text({'t', "q", kId, rank}), "q").has_value()) << rank;
    }
    EXPECT_FALSE(cursor_from(to_text({'p', "q", "01890A5D-ac96-774b-bcce-b302099a8057", ""}), "q").has_value());
    EXPECT_FALSE(cursor_from(to_text({'x', "q", kId, ""}), "q").has_value());
    EXPECT_FALSE(cursor_from(to_text({'p', "q", kId, "0.5"}), "q").has_value());
}

}  // namespace
}  // namespace catalog
