// Certificates made at run time: an authority and what it signs.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace client::test {

struct Certificate {
    std::string cert_pem;
    std::string key_pem;
};

class Authority {
public:
    Authority() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), cert_(blank("test authority"), X509_free) {
        X509_set_pubkey(cert_.get(), key_.get());
        X509_set_issuer_name(cert_.get(), X509_get_subject_name(cert_.get()));
        extend(cert_.get(), NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(cert_.get(), key_.get(), EVP_sha256());
    }

    std::string pem() const { return pem_of(cert_.get()); }

    // `names` as OpenSSL writes them: "IP:127.0.0.1,DNS:localhost"; empty: none.
    Certificate issue(const std::string& common_name, const std::string& names) const {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> cert(blank(common_name), X509_free);
        X509_set_pubkey(cert.get(), key.get());
        X509_set_issuer_name(cert.get(), X509_get_subject_name(cert_.get()));
        if (!names.empty()) extend(cert.get(), NID_subject_alt_name, names);
        X509_sign(cert.get(), key_.get(), EVP_sha256());
        return {pem_of(cert.get()), pem_of(key.get())};
    }

private:
    static X509* blank(const std::string& common_name) {
        static long serial = 1;
        X509* cert = X509_new();
        X509_set_version(cert, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
        X509_gmtime_adj(X509_getm_notBefore(cert), -60);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
        X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8, text, -1, -1, 0);
        return cert;
    }
    static void extend(X509* cert, int nid, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
        if (extension == nullptr) throw std::invalid_argument(value);
        X509_add_ext(cert, extension, -1);
        X509_EXTENSION_free(extension);
    }
    template <class Write>
    static std::string text_of(Write write) {
        const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
        write(memory.get());
        char* data = nullptr;
        const long size = BIO_get_mem_data(memory.get(), &data);
        return {data, static_cast<std::size_t>(size)};
    }
    static std::string pem_of(X509* cert) {
        return text_of([cert](BIO* out) { PEM_write_bio_X509(out, cert); });
    }
    static std::string pem_of(EVP_PKEY* key) {
        return text_of([key](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> cert_;
};

}  // namespace client::test
