#include "unit/client/client_fixture.h"

// How the client reaches a server: trust, reuse of connections, limits.
namespace client::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Cause = ConnectionError::Cause;

constexpr const char* kSome = R"({"kind":"ConfigMap"})";

// Answers every request alike.
FakeApiServer::Script always(const std::string& text) {
    return [text](Peer& peer) {
        while (true) {
            peer.read();
            peer.write(text);
        }
    };
}

class ConnectionTest : public ClientTest {
protected:
    awaitable<std::optional<kube::Json>> get() { return client().get(kube::kConfigMap, key_); }
    std::string message() {
        const std::optional<ConnectionError> error = failure<ConnectionError>(get());
        return error ? error->what() : "succeeded";
    }
};

TEST_F(ConnectionTest, IsReused) {
    serve(always(answer(200, kSome)));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(wait(get()));
    EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ConnectionTest, IsNotReusedAfterTheServerSaidClose) {
    serve(always(answer(200, kSome, "Connection: close\r\n")));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(wait(get()));
    EXPECT_EQ(server_->connections(), 3);
}

TEST_F(ConnectionTest, IsRefusedWhereTheAuthorityIsUnknown) {
    serve(always(answer(200, kSome)));
    Config other = config();
    other.ca_pem = Authority().pem();
    client_.emplace(io_, other, nullptr);
    EXPECT_THAT(message(), HasSubstr("get ConfigMap shop/cart: API server 127.0.0.1:"));
    EXPECT_THAT(message(), HasSubstr("TLS: server not trusted: "));
}

TEST_F(ConnectionTest, IsRefusedWhereTheCertificateNamesSomebodyElse) {
    identity_ = authority_.issue("127.0.0.1", "IP:127.0.0.2,DNS:api.example.com");  // A common name does not count.
    serve(always(answer(200, kSome)));
    EXPECT_THAT(message(), HasSubstr("TLS: server not trusted: IP address mismatch"));
    Config named = config();
    named.tls_server_name = "api.example.org";
    client_.emplace(io_, named, nullptr);
    EXPECT_THAT(message(), HasSubstr("TLS: server not trusted: hostname mismatch"));
    named.tls_server_name = "api.example.com";
    client_.emplace(io_, named, nullptr);
    EXPECT_TRUE(wait(get()));
}

TEST_F(ConnectionTest, ResolvesNames) {
    identity_ = authority_.issue("api", "DNS:localhost");
    serve(always(answer(200, kSome)));
    Config named = config();
    named.host = "localhost";
    client_.emplace(io_, named, nullptr);
    EXPECT_TRUE(wait(get()));
}

TEST_F(ConnectionTest, CarriesOurCertificate) {
    serve([](Peer& peer) {
        peer.read();
        peer.write(answer(200, R"({"client":")" + peer.client_name() + "\"}"));
        peer.wait_for_the_end();
    });
    const Certificate me = authority_.issue("operator", "");
    Config with = config();
    with.client_cert_pem = me.cert_pem;
    with.client_key_pem = me.key_pem;
    client_.emplace(io_, with, nullptr);
    EXPECT_EQ((*wait(get()))["client"], "operator");
}

TEST_F(ConnectionTest, NeedsAKeyThatFitsTheCertificate) {
    serve(always(answer(200, kSome)));
    Config with = config();
    with.client_cert_pem = authority_.issue("a", "").cert_pem;
    with.client_key_pem = authority_.issue("b", "").key_pem;
    EXPECT_THROW(Client(io_, with, nullptr), std::runtime_error);
}

// The server takes one request a connection and hangs up on the second: what a reused connection meets when it was idle too long.
FakeApiServer::Script one_each(const std::string& second = "") {
    return [second](Peer& peer) {
        peer.read();
        peer.write(answer(200, kSome));
        peer.read();
        if (!second.empty()) peer.write(second);
    };
}

TEST_F(ConnectionTest, ThatDiedWhileIdleIsReplacedOnce) {
    serve(one_each());
    EXPECT_TRUE(wait(get()));
    EXPECT_TRUE(wait(get()));
    EXPECT_TRUE(wait(client().apply(kube::kConfigMap, kube::Object::make(kube::kConfigMap, key_).json, "me")).is_object());
    EXPECT_EQ(server_->connections(), 3);
}

TEST_F(ConnectionTest, ThatDiedIsNotReplacedWhereRepeatingMightCreateTwice) {
    serve(one_each());
    kube::Json object = kube::Object::make(kube::kEvent, key_).json;
    object["metadata"].erase("name");
    object["metadata"]["generateName"] = "cart-";
    EXPECT_TRUE(wait(get()));
    EXPECT_EQ(cause(client().create(kube::kEvent, object)), Cause::Broken);
    EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ConnectionTest, ThatDiedWithinAnAnswerIsReplacedForReadingOnly) {
    serve(one_each("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"));
    EXPECT_TRUE(wait(get()));
    EXPECT_TRUE(wait(get()));
    EXPECT_EQ(cause(client().apply(kube::kConfigMap, kube::Object::make(kube::kConfigMap, key_).json, "me")), Cause::Broken);
    EXPECT_EQ(server_->connections(), 2);
}

TEST_F(ConnectionTest, ThatIsNewIsNotTriedTwice) {
    serve([](Peer& peer) { peer.read(); });
    EXPECT_EQ(cause(get()), Cause::Broken);
    EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ConnectionTest, IsClosedWhenUnusedForLong) {
    limits_.idle = 30ms;
    serve(always(answer(200, kSome)));
    EXPECT_TRUE(wait(get()));
    io_.restart();
    io_.run();  // The pool's own timer is all that is left.
    EXPECT_TRUE(wait(get()));
    EXPECT_EQ(server_->connections(), 2);
}

TEST_F(ConnectionTest, IsGivenUpAfterTheTimeLimit) {
    limits_.request = 50ms;
    serve([](Peer& peer) { peer.wait_for_the_end(); });
    EXPECT_EQ(cause(get()), Cause::Timeout);
}

TEST_F(ConnectionTest, IsGivenUpWhereTheHandshakeTakesTooLong) {
    const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(silent, 1), 0);
    ::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);
    limits_.handshake = 50ms;
    Config config;
    config.host = "127.0.0.1";
    config.port = std::to_string(ntohs(address.sin_port));
    config.ca_pem = authority_.pem();
    client_.emplace(io_, config, nullptr, limits_);
    EXPECT_EQ(cause(get()), Cause::Timeout);
    ::close(silent);
}

TEST_F(ConnectionTest, RefusesAnAnswerThatIsTooLarge) {
    limits_.body = 1000;
    limits_.list_body = 3000;
    const std::string large = R"({"items":[],"x":")" + std::string(2000, 'x') + "\"}";
    serve([large](Peer& peer) {
        peer.read();
        peer.write(kStreamHead + chunk(large) + kStreamEnd);
        peer.wait_for_the_end();
    });
    EXPECT_EQ(cause(get()), Cause::Malformed);
    EXPECT_EQ(cause(client().list(kube::kConfigMap, {})), std::nullopt);
}

TEST_F(ConnectionTest, RefusesHeadersThatAreTooLarge) {
    serve(always("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"));
    EXPECT_EQ(cause(get()), Cause::Malformed);
}

TEST_F(ConnectionTest, RefusesWhatIsNoHttpOrNoJson) {
    serve([](Peer& peer) {
        peer.read();
        peer.write(peer.number() == 1 ? "SSH-2.0-OpenSSH\r\n\r\n" : answer(200, "<html>", "Connection: close\r\n"));
        peer.wait_for_the_end();
    });
    EXPECT_EQ(cause(get()), Cause::Malformed);
    EXPECT_EQ(cause(get()), Cause::Malformed);
}

TEST_F(ConnectionTest, WaitsWhereAllAreInUse) {
    limits_.connections = 1;
    serve(always(answer(200, kSome)));
    int done = 0;
    for (int i = 0; i < 4; ++i) {
        boost::asio::co_spawn(io_, get(), [&done](const std::exception_ptr& error, const std::optional<kube::Json>& object) {
            done += !error && object;
        });
    }
    run_until([&] { return done == 4; });
    EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ConnectionTest, IsNotWaitedForForEver) {
    limits_.connections = 1;
    limits_.request = 50ms;
    serve([](Peer& peer) { peer.wait_for_the_end(); });
    bool first = false;
    boost::asio::co_spawn(
        io_, get(), [&first](const std::exception_ptr& error, const std::optional<kube::Json>&) { first = error != nullptr; });
    EXPECT_EQ(cause(get()), Cause::Timeout);
    run_until([&] { return first; });
}

TEST_F(ConnectionTest, EndsWhenTheClientIsClosed) {
    limits_.connections = 2;
    serve([](Peer& peer) { peer.wait_for_the_end(); });
    int closed = 0;
    for (int i = 0; i < 5; ++i) {
        boost::asio::co_spawn(io_, get(), [&closed](const std::exception_ptr& error, const std::optional<kube::Json>&) {
            try {
                std::rethrow_exception(error);
            } catch (const ConnectionError& caught) {
                closed += caught.cause() == Cause::Closed;
            }
        });
    }
    run_until([&] { return server_->connections() == 2; });
    client_.reset();  // Closes, too.
    io_.restart();
    io_.run();  // Nothing is left to wait for.
    EXPECT_EQ(closed, 5);
}

TEST_F(ConnectionTest, MayBeLeftOpenWhenTheLoopIsDestroyed) {
    serve([](Peer& peer) { peer.wait_for_the_end(); });
    auto io = std::make_unique<boost::asio::io_context>(1);
    auto client = std::make_unique<Client>(*io, config(), nullptr);
    boost::asio::co_spawn(*io, client->get(kube::kConfigMap, key_),
                          [](const std::exception_ptr&, const std::optional<kube::Json>&) {});
    while (server_->connections() < 1) io->run_one();
    client.reset();
    io.reset();
}

}  // namespace
}  // namespace client::test
