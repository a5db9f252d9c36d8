#include "client/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/context.hpp>
#include <stdexcept>
#include <utility>

#include "client/url.h"

namespace client {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

TlsContext make_tls_context(const std::string& ca_pem, const Identity& identity) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    context->set_verify_mode(ssl::verify_peer);
    const char* what = "certificate authority";
    try {
        if (ca_pem.empty()) {
            context->set_default_verify_paths();
        } else {
            context->add_certificate_authority(asio::buffer(ca_pem));
        }
        if (!identity.client_cert_pem.empty()) {
            what = "client certificate";
            context->use_certificate_chain(asio::buffer(identity.client_cert_pem));
            what = "client key";
            context->use_private_key(asio::buffer(identity.client_key_pem), ssl::context::pem);
        }
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(std::string(what) + ": can't be used: " + error.code().message());
    }
    return context;
}

void expect_peer(ssl_st* connection, const std::string& name) {
    X509_VERIFY_PARAM* expected = SSL_get0_param(connection);
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const bool address = is_ip_address(name);
    const std::string bare = name.substr(0, name.find('%'));
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(expected, bare.c_str())
                            : X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size());
    if (set != 1) throw std::runtime_error("the server's name can't be verified");
    if (!address && SSL_set_tlsext_host_name(connection, name.c_str()) != 1)
        throw std::runtime_error("the server's name can't be sent");
}

std::string refusal_of_peer(ssl_st* connection) {
    const long result = SSL_get_verify_result(connection);
    return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
}

}  // namespace client
