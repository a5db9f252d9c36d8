// Reads an upstream's response from bytes as they come, within limits, by the rules of RFC 9112. No I/O.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

#include "common/http/message.h"

namespace gateway {

class ResponseReader {
public:
    static constexpr std::size_t kHeaderBytes = std::size_t{32} * 1024;
    static constexpr std::size_t kBodyBytes = std::size_t{8} * 1024 * 1024;

    enum class State { More, Done, Malformed, TooLarge };

    ResponseReader() { begin(); }

    // How many of the bytes were used; the rest is to be given again, with more behind it. After Done there must be none.
    std::size_t put(std::string_view bytes);
    void end_of_stream();  // No more will come; some responses end so.

    State state() const { return state_; }
    bool keep_alive() const { return parser_->get().keep_alive(); }
    // After Done. Without fields that concern the connection, and those that only the gateway may set.
    http::Response take();

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

    void begin();
    void failed(const boost::beast::error_code& why);
    void finish_if_done();

    std::optional<Parser> parser_;
    State state_ = State::More;
    int interim_ = 0;  // Responses such as 100 and 103 that came before.
};

}  // namespace gateway
