// What the fuzz programs claim of every input.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string_view>

// Ends the program where it does not, which the fuzzer reports with the input.
inline void holds(bool fact) {
    if (!fact) std::abort();
}

// No control character.
inline bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}
