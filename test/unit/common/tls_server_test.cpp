// The server over TLS: what it answers, whom it refuses, and certificates that change.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "unit/client/certificates.h"
#include "unit/common/async_fixture.h"

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

std::string request_for(const std::string& path, const std::string& more = {}) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

// Trusts one authority, or nobody where that is empty. Reads give up after 10 s.
class TlsClient {
public:
    TlsClient(const http::Address& server, const std::string& authority, int version = TLS1_3_VERSION)
        : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), raw_(server) {
        SSL_CTX_set_min_proto_version(context_.get(), version);
        SSL_CTX_set_max_proto_version(context_.get(), version);
        SSL_CTX_set_security_level(context_.get(), 0);
        const std::unique_ptr<BIO, decltype(&BIO_free)> text(
            BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size())), BIO_free);
        const std::unique_ptr<X509, decltype(&X509_free)> cert(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr),
                                                               X509_free);
        if (cert) X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), cert.get());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), raw_.descriptor());
        connected_ = SSL_connect(ssl_.get()) == 1;
        ERR_clear_error();
    }

    bool connected() const { return connected_; }
    void send(const std::string& bytes) { SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }

    // Everything up to the end of the stream.
    std::string read_all() {
        std::string all;
        char bytes[4096];
        for (int size = 0; (size = SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0;)
            all.append(bytes, static_cast<std::size_t>(size));
        ERR_clear_error();
        return all;
    }
    bool ended_orderly() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    RawClient raw_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
    bool connected_ = false;
};

class TlsServerTest : public AsyncServerTest {
protected:
    TlsServerTest() {
        std::string name = "/tmp/tls-server-test.XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for certificates");
        folder_ = name;
        write(authority_.issue("first", "IP:127.0.0.1"));
    }
    ~TlsServerTest() override {
        open_gate();
        end();
        std::filesystem::remove_all(folder_);
    }

    http::Tls files() const { return {folder_ / "tls.crt", folder_ / "tls.key"}; }

    void write(const client::test::Certificate& certificate) const {
        std::ofstream{files().key_file} << certificate.key_pem;
        std::ofstream{files().certificate_file} << certificate.cert_pem;
    }

    void start_tls(http::ServerOptions options = {}) {
        options.tls = files();
        start(1, std::move(options));
    }
    TlsClient connect_tls() const { return TlsClient{address_, authority_.pem()}; }

    client::test::Authority authority_;
    std::filesystem::path folder_;
};

TEST_F(TlsServerTest, AnswersAndEndsTheStreamInOrder) {
    start_tls();
    TlsClient client = connect_tls();
    ASSERT_TRUE(client.connected());
    client.send(request_for("/a") + request_for("/worker") + request_for("/b", "Connection: close\r\n"));
    const std::string answers = client.read_all();
    EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answers, HasSubstr("GET /worker "));
    EXPECT_THAT(answers, EndsWith("GET /b "));
    EXPECT_TRUE(client.ended_orderly());
}

TEST_F(TlsServerTest, SendsLargeResponsesWhole) {
    start_tls();
    TlsClient client = connect_tls();
    client.send(request_for("/large", "Connection: close\r\n"));
    EXPECT_GT(client.read_all().size(), kLarge);
}

TEST_F(TlsServerTest, TellsWhatItRefusesThoughTheClientStillSends) {
    start_tls({.limits = {.body_bytes = 10}});
    TlsClient client = connect_tls();
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 413"));
}

TEST_F(TlsServerTest, TalksToNobodyWithoutTls) {
    start_tls();
    EXPECT_EQ(exchange(request_for("/a")).find("200"), std::string::npos);
    EXPECT_FALSE((TlsClient{address_, authority_.pem(), TLS1_1_VERSION}.connected()));
    EXPECT_TRUE((TlsClient{address_, authority_.pem(), TLS1_2_VERSION}.connected()));
    EXPECT_EQ(handled_, 0);
}

TEST_F(TlsServerTest, CutsOffWhoDoesNotShakeHands) {
    start_tls({.limits = {.header_time = 50ms}});
    EXPECT_EQ(connect().read_all(), "");
}

TEST_F(TlsServerTest, AnswersWhatRunsWhenItStops) {
    start_tls();
    TlsClient client = connect_tls();
    client.send(request_for("/gate"));
    while (at_gate() < 1) std::this_thread::yield();
    stop(1h);
    open_gate();
    EXPECT_THAT(client.read_all(), testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("GET /gate ")));
    EXPECT_TRUE(client.ended_orderly());
    wait_for_end();
}

TEST_F(TlsServerTest, TakesNewCertificatesWithoutARestart) {
    start_tls();
    const client::test::Authority other;
    ASSERT_TRUE(connect_tls().connected());
    write(other.issue("second", "IP:127.0.0.1"));
    const auto until = std::chrono::steady_clock::now() + 20s;
    bool taken = false;
    while (!taken && std::chrono::steady_clock::now() < until) taken = TlsClient{address_, other.pem()}.connected();
    EXPECT_TRUE(taken);
}

TEST_F(TlsServerTest, KeepsItsCertificateWhereTheNewOneIsBroken) {
    start_tls();
    std::ofstream{files().certificate_file} << "nonsense";
    const auto until = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < until) ASSERT_TRUE(connect_tls().connected());
    end();
    EXPECT_THAT(log(), HasSubstr("the old one stays"));
}

TEST_F(TlsServerTest, NamesTheFilesThatItCanNotUse) {
    boost::asio::io_context io;
    std::ostringstream log;
    const auto words = [&](const http::Tls& tls) -> std::string {
        const http::AsyncHandler handler = [](const http::Request&) -> boost::asio::awaitable<http::Response> {
            throw std::logic_error("never called");
        };
        try {
            const http::Server server{io, {"127.0.0.1", 0}, handler, base::Log{log}, {.tls = tls}};
        } catch (const std::runtime_error& failure) {
            return failure.what();
        }
        return "";
    };
    EXPECT_THAT(words({"/none/tls.crt", files().key_file}), HasSubstr("/none/tls.crt"));
    EXPECT_THAT(words({files().certificate_file, "/none/tls.key"}), HasSubstr("/none/tls.key"));
    const client::test::Certificate stranger = authority_.issue("stranger", "");
    std::ofstream{folder_ / "other.key"} << stranger.key_pem;
    EXPECT_THAT(words({files().certificate_file, folder_ / "other.key"}), HasSubstr("other.key"));
    EXPECT_EQ(words(files()), "");
}

}  // namespace
