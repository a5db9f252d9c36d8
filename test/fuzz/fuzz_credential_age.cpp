// Any text as what a Secret says of the age of credentials: what is read says the same when it is written.
#include <string>

#include "holds.h"
#include "reconcile/credential_age.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const auto age = reconcile::CredentialAge::decode(std::string(reinterpret_cast<const char*>(data), size));
    if (!age) return 0;
    const auto again = reconcile::CredentialAge::decode(age->encoded());
    holds(again && again->rotation == age->rotation && again->request == age->request);
    for (const int generation : age->rotation.accepted()) holds(generation >= 0);
    return 0;
}
