// What a server of Boost.Beast can do at all: answers every request with the one response that a file holds, on two event loops.
// Arguments: the port of 127.0.0.1, and the file: lines of "Name: value", an empty line, the body.
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Response = beast::http::response<beast::http::string_body>;

constexpr std::chrono::seconds kIdleTime{30};

Response response_from(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error("can't read " + file);
    Response response{beast::http::status::ok, 11};
    for (std::string line; std::getline(in, line) && !line.empty();) {
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos) throw std::runtime_error("no header: " + line);
        response.insert(line.substr(0, colon), line.substr(colon + 2));
    }
    response.body().assign(std::istreambuf_iterator<char>(in), {});
    response.prepare_payload();
    return response;
}

asio::awaitable<void> serve(tcp::socket socket, const Response* response) {
    beast::tcp_stream stream(std::move(socket));
    stream.socket().set_option(tcp::no_delay{true});
    beast::flat_buffer buffer;
    try {
        for (bool open = true; open;) {
            beast::http::request<beast::http::string_body> request;
            stream.expires_after(kIdleTime);
            co_await beast::http::async_read(stream, buffer, request, asio::use_awaitable);
            open = request.keep_alive();
            co_await beast::http::async_write(stream, *response, asio::use_awaitable);
        }
    } catch (const boost::system::system_error&) {  // The client is gone.
    }
}

asio::awaitable<void> accept(std::shared_ptr<tcp::acceptor> acceptor, const Response* response) {
    for (;;) {
        tcp::socket socket = co_await acceptor->async_accept(asio::use_awaitable);
        asio::co_spawn(acceptor->get_executor(), serve(std::move(socket), response), asio::detached);
    }
}

void run(unsigned short port, const Response& response) {
    asio::io_context loop(1);
    const auto acceptor = std::make_shared<tcp::acceptor>(loop);
    const tcp::endpoint at(asio::ip::address_v4::loopback(), port);
    const int on = 1;
    acceptor->open(at.protocol());
    setsockopt(acceptor->native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    acceptor->bind(at);
    acceptor->listen();
    asio::co_spawn(loop, accept(acceptor, &response), asio::detached);
    loop.run();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "bare-server PORT FILE\n";
        return 2;
    }
    try {
        const auto port = static_cast<unsigned short>(std::stoul(argv[1]));
        const Response response = response_from(argv[2]);
        std::thread second([&] { run(port, response); });
        run(port, response);
        second.join();
    } catch (const std::exception& error) {
        std::cerr << "bare-server: " << error.what() << "\n";
        std::_Exit(1);  // The other loop does not end.
    }
    return 0;
}
