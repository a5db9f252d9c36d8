// Loads certificates, and loads them again.
#include "common/http/tls_context.h"

#include <openssl/ssl.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace http {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::chrono::seconds kLookEvery{1};

std::shared_ptr<ssl::context> loaded(const Tls& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    boost::system::error_code error;
    context->use_certificate_chain_file(files.certificate_file, error);
    if (error) throw std::runtime_error("certificate " + files.certificate_file + ": " + error.message());
    context->use_private_key_file(files.key_file, ssl::context::pem, error);
    if (error) throw std::runtime_error("private key " + files.key_file + ": " + error.message());
    return context;
}

}  // namespace

TlsContext::TlsContext(Tls files, base::Log log)
    : files_(std::move(files)),
      log_(std::move(log)),
      context_(loaded(files_)),
      read_(stamp()),
      looked_(std::chrono::steady_clock::now()) {}

TlsContext::Stamp TlsContext::stamp() const {
    std::error_code ignored;  // A file that is away for a moment has the time of none.
    return {std::filesystem::last_write_time(files_.certificate_file, ignored),
            std::filesystem::last_write_time(files_.key_file, ignored)};
}

std::shared_ptr<ssl::context> TlsContext::current() {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ < kLookEvery) return context_;
    looked_ = now;
    const Stamp found = stamp();
    if (found == read_) return context_;
    read_ = found;
    try {
        context_ = loaded(files_);
        log_.info("took the new certificate", {{"file", files_.certificate_file}});
    } catch (const std::runtime_error& failure) {
        log_.error("can't take the new certificate; the old one stays", {{"problem", failure.what()}});
    }
    return context_;
}

}  // namespace http
