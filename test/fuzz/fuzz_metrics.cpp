// Any text as a gateway's metrics: what is read is no nonsense, and never less than a part of it.
#include <stdexcept>
#include <string_view>

#include "holds.h"
#include "quality/traffic.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const quality::Requests requests = quality::requests_from(text);
        holds(requests.failed >= 0 && requests.failed <= requests.all);
        holds(requests.timed >= 0 && requests.within[4] >= 0);
    } catch (const std::invalid_argument& error) {
        holds(!std::string_view(error.what()).empty());
    }
    return 0;
}
