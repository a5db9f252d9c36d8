// Any text as a Prometheus' answer: a number, nothing, or what is wrong in words that the API server takes.
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "holds.h"
#include "kube/json.h"
#include "quality/prometheus_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        quality::number_from(text);
    } catch (const std::invalid_argument& error) {
        const std::string_view words = error.what();
        holds(!words.empty() && words.size() <= 500 && !kube::Json(words).dump().empty());
    }
    return 0;
}
