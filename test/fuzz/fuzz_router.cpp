// Any method, path, query and headers: whatever reaches a handler fits the types of its template, and everything is answered.
#include <prometheus/registry.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>

#include "common/http/input.h"
#include "common/http/router.h"
#include "holds.h"

namespace {

namespace asio = boost::asio;

bool is_safe(std::string_view text) {
    return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

asio::awaitable<http::Response> checked(std::shared_ptr<const http::Call> call) {
    for (const auto& [name, value] : call->path) {
        if (name == "id") holds(http::is_uuid(value));
        if (name == "number") holds(std::stoll(value) > 0);
        if (name == "word") holds(is_safe(value) && value.size() <= 64 && value.find_first_of("/%\\ ?#") == value.npos);
        if (name == "rest") {
            const std::string path = "/" + value + "/";
            holds(is_safe(value) && path.find("/../") == path.npos && path.find("/./") == path.npos &&
                  path.find("//") == path.npos);
        }
    }
    holds(!call->request_id.empty() && call->request_id.size() <= 128);
    holds(call->deadline.left() <= base::Duration{30'000});
    http::Response response;
    response.status = 200;
    co_return response;
}

struct World {
    World() {
        for (const char* path :
             {"/api/{id:uuid}", "/api/{word:word}", "/api/{word:word}/{number:int}", "/api/fixed", "/files/{rest:rest}"}) {
            router.on_loop("GET", path, checked);
            router.on_loop("PUT", path, checked);
        }
    }

    asio::io_context io{1};
    std::ostringstream log;
    prometheus::Registry registry;
    http::Router router{{}, base::Log{log}, registry};
};

// Takes the text's first line off it.
std::string line_of(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return std::string(line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    http::Request request;
    request.method = line_of(text);
    request.path = line_of(text);
    request.headers = {{"X-Request-Id", line_of(text)}, {"X-Deadline-Ms", line_of(text)}, {"traceparent", line_of(text)}};
    auto answer = asio::co_spawn(world.io, world.router.route(std::move(request)), asio::use_future);
    world.io.run();
    world.io.restart();
    const http::Response response = answer.get();
    holds(response.status == 200 || response.status == 404 || response.status == 405 || response.status == 504);
    if (response.status == 405) holds(http::find(response.headers, "Allow") == "GET, HEAD, PUT");
    if (response.status != 200) holds(nlohmann::json::parse(response.body)["status"] == response.status);
    holds(is_safe(http::find(response.headers, "X-Request-Id").value_or("")));
    return 0;
}
