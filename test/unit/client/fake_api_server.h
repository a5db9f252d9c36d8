// A TLS server on loopback that does what a test says, byte by byte. A thread a connection, blocking, so that a script reads
// straight.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "unit/client/certificates.h"

namespace client::test {

struct Received {
    std::string line;  // "GET /api/v1/pods HTTP/1.1"
    std::map<std::string, std::string> headers;
    std::string body;
};

inline std::string answer(int status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(status) + " Text\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

inline const std::string kStreamHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
inline const std::string kStreamEnd = "0\r\n\r\n";

inline std::string chunk(const std::string& text) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return size + text + "\r\n";
}

// The server's side of one connection. Throws when the client has gone.
class Peer {
public:
    Peer(int fd, SSL_CTX* context, int number) : number_(number), ssl_(SSL_new(context), SSL_free) {
        SSL_set_fd(ssl_.get(), fd);
        if (SSL_accept(ssl_.get()) != 1) throw std::runtime_error("no handshake");
    }

    int number() const { return number_; }  // Counts from 1.
    std::string client_name() const {
        const std::unique_ptr<X509, decltype(&X509_free)> cert(SSL_get1_peer_certificate(ssl_.get()), X509_free);
        char name[100] = "";
        if (cert) X509_NAME_get_text_by_NID(X509_get_subject_name(cert.get()), NID_commonName, name, sizeof name);
        return name;
    }
    Received read() {
        Received request;
        request.line = line();
        for (std::string header = line(); !header.empty(); header = line()) {
            const std::size_t colon = header.find(": ");
            request.headers[header.substr(0, colon)] = header.substr(colon + 2);
        }
        const auto length = request.headers.find("Content-Length");
        const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
        while (request.body.size() < size) request.body += byte();
        return request;
    }
    void write(const std::string& text) {
        if (SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) <= 0) throw std::runtime_error("gone");
    }
    void wait_for_the_end() {
        while (true) byte();
    }

private:
    char byte() {
        char value = 0;
        if (SSL_read(ssl_.get(), &value, 1) != 1) throw std::runtime_error("gone");
        return value;
    }
    std::string line() {
        std::string text;
        while (!text.ends_with("\r\n")) text += byte();
        return text.substr(0, text.size() - 2);
    }

    int number_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

class FakeApiServer {
public:
    using Script = std::function<void(Peer&)>;

    FakeApiServer(const Authority& authority, const Certificate& identity, Script script)
        : script_(std::move(script)),
          context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        std::signal(SIGPIPE, SIG_IGN);
        use(authority, identity);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* where = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, where, size) != 0 || ::listen(listener_, 50) != 0) throw std::runtime_error("no port");
        ::getsockname(listener_, where, &size);
        port_ = std::to_string(ntohs(address.sin_port));
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~FakeApiServer() {
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        {
            const std::lock_guard lock(mutex_);
            for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
        }
        for (std::thread& thread : threads_) thread.join();
        ::close(listener_);
    }
    FakeApiServer(const FakeApiServer&) = delete;
    FakeApiServer& operator=(const FakeApiServer&) = delete;

    const std::string& port() const { return port_; }
    int connections() const { return connections_; }

private:
    void use(const Authority& authority, const Certificate& identity) {
        const auto bio = [](const std::string& text) {
            return std::unique_ptr<BIO, decltype(&BIO_free)>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                             BIO_free);
        };
        const auto certificate = bio(identity.cert_pem);
        const std::unique_ptr<X509, decltype(&X509_free)> cert(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr),
                                                               X509_free);
        const auto private_key = bio(identity.key_pem);
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
            PEM_read_bio_PrivateKey(private_key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
        SSL_CTX_use_certificate(context_.get(), cert.get());
        SSL_CTX_use_PrivateKey(context_.get(), key.get());
        const std::string authority_pem = authority.pem();
        const auto authority_bio = bio(authority_pem);
        const std::unique_ptr<X509, decltype(&X509_free)> root(PEM_read_bio_X509(authority_bio.get(), nullptr, nullptr, nullptr),
                                                               X509_free);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), root.get());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);  // Asks for a certificate, does not insist.
    }
    void accept_all() {
        while (true) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            const std::lock_guard lock(mutex_);
            open_.push_back(fd);
            threads_.emplace_back([this, fd, number = ++connections_] { serve(fd, number); });
        }
    }
    void serve(int fd, int number) {
        try {
            Peer peer(fd, context_.get(), number);
            script_(peer);
        } catch (const std::exception&) {  // The client went; the test sees that on its side.
        }
        const std::lock_guard lock(mutex_);
        std::erase(open_, fd);
        ::close(fd);
    }

    Script script_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    int listener_;
    std::string port_;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace client::test
