// Goes through a shop as a customer does, to see whether it serves; buys nothing.
#pragma once

#include <string>

#include "common/rest/rest_client.h"

namespace gateway {

// The customer that verifications share. It is registered at the first one.
struct Account {
    std::string email;
    std::string password;
};

// Products, search, stock, login, profile, cart and orders, each through the gateway. Throws std::runtime_error that names the
// request and says what was wrong with the answer.
void verify(rest::Client& gateway, const Account& account);

}  // namespace gateway
