// Where a list goes on, as a text that clients hand back unread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace catalog {

struct Cursor {
    char list = 'p';    // Which list: 'p' products, 't' search by text, 's' search by prefix.
    std::string query;  // What was asked for; a cursor counts only for the same again.
    std::string id;     // Of the last item, a UUID.
    std::string rank;   // Of the last item, for 't': a number as PostgreSQL writes it.
};

std::string to_text(const Cursor& cursor);
// Nothing where the text is no cursor of that query. One text is one cursor's.
std::optional<Cursor> cursor_from(std::string_view text, std::string_view query);

}  // namespace catalog
