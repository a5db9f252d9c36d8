// Any text as what a Secret holds under tls.crt: of whatever is read, the turns come one after the other and end.
#include <string>

#include "holds.h"
#include "reconcile/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string host = "shop.example.com";
    const auto read = reconcile::read_certificate(std::string(reinterpret_cast<const char*>(data), size), host);
    base::WallTime now{};
    holds(reconcile::observed(read, host, now).until.empty() == !read);
    if (!read) return 0;
    for (int turns = 0; const auto next = reconcile::next_turn(*read, now); ++turns) {
        holds(*next > now && turns < 3);
        now = *next;
    }
    return 0;
}
