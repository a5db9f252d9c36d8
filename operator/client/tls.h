// TLS as every connection uses it: at least 1.2, peer and name always verified, little memory while idle.
#pragma once

#include <memory>
#include <string>

#include "client/credentials.h"

struct ssl_st;

namespace boost::asio::ssl {
class context;
}

namespace client {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Throws std::runtime_error where authority, certificate or key can't be read, or don't belong together.
TlsContext make_tls_context(const std::string& ca_pem, const Identity& identity);

// Sets whom a connection must reach: a host name (also sent as SNI) or an IP address.
void expect_peer(ssl_st* connection, const std::string& name);

// Why the peer's certificate was refused; "" where it was not.
std::string refusal_of_peer(ssl_st* connection);

}  // namespace client
