// Any text as a Prometheus' answer: a number, names, nothing, or what is wrong in words that the API server takes.
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "holds.h"
#include "kube/json.h"
#include "quality/prometheus_answer.h"

template <class Read>
void try_to(Read read) {
    try {
        read();
    } catch (const std::invalid_argument& error) {
        const std::string_view words = error.what();
        holds(!words.empty() && words.size() <= 500 && !kube::Json(words).dump().empty());
    }
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try_to([&] { quality::number_from(text); });
    try_to([&] { quality::values_from(text, "service"); });
    try_to([&] { quality::alerts_from(text, {"shop", "shop"}); });
    return 0;
}
