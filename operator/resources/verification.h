// The Job that goes through the shop as a customer does, once all services are rolled out.
#pragma once

#include <string_view>

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

// The key of its customer's password in the Secret of the component kEndToEnd.
inline constexpr std::string_view kCustomerPasswordFile = "password";

// A Job for the services as `rest` has them: others have another one. Nothing where the spec wants none.
kube::Objects verification(const api::Platform& platform, const SecretDigests& secrets, const kube::Objects& rest);

}  // namespace resources
