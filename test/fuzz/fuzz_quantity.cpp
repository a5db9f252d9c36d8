// Any text as a quantity or duration: the canonical form of a canonical form is itself, and means the same amount.
#include <string_view>

#include "holds.h"
#include "kube/quantity.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(kube::duration_millis(text));
    const auto canonical = kube::canonical_quantity(text);
    holds(canonical.has_value() == kube::quantity_millis(text).has_value());
    if (!canonical) return 0;
    holds(kube::canonical_quantity(*canonical) == canonical);
    holds(kube::quantity_millis(*canonical) == kube::quantity_millis(text));
    return 0;
}
