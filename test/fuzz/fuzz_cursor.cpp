// Any text as a cursor, and any bytes as what a cache holds: what is accepted has one spelling, and no more in it than it may
// have.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catalog/cursor.h"
#include "catalog/product.h"
#include "common/http/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto cursor = catalog::cursor_from(text, "q")) {
        if (catalog::to_text(*cursor) != text || !http::is_uuid(cursor->id)) std::abort();
        if (cursor->rank.find_first_not_of("0123456789.e+-") != std::string::npos) std::abort();
    }
    // As the rank of an otherwise good one, since few texts would get that far.
    const catalog::Cursor ranked{'t', "q", "01890a5d-ac96-774b-bcce-b302099a8057", std::string(text)};
    if (const auto cursor = catalog::cursor_from(catalog::to_text(ranked), "q")) {
        const double rank = std::strtod(cursor->rank.c_str(), nullptr);
        if (cursor->rank != text || !(rank >= 0 && rank < 1e38)) std::abort();
    }
    if (const auto cached = catalog::cached_from(text)) {
        const auto again = catalog::cached_from(catalog::to_text(*cached));
        if (!again || again->body != cached->body || again->version != cached->version) std::abort();
    }
    return 0;
}
