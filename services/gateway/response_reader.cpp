// Beast's parser, with what a proxy must add to it.
#include "gateway/response_reader.h"

#include <boost/asio/buffer.hpp>
#include <string>
#include <utility>

#include "gateway/forwarding.h"

namespace gateway {

namespace beast = boost::beast;

namespace {

constexpr int kMostInterim = 8;
constexpr std::size_t kLastChunk = 5;     // "0\r\n\r\n"
constexpr std::size_t kUsualHeaders = 8;  // With those that the gateway adds.

std::string_view text(beast::string_view view) {
    return {view.data(), view.size()};
}

}  // namespace

void ResponseReader::begin() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(kHeaderBytes));
    parser_->body_limit(kBodyBytes);
}

void ResponseReader::failed(const beast::error_code& why) {
    using beast::http::error;
    const bool large = why == error::header_limit || why == error::body_limit || why == error::buffer_overflow;
    state_ = large ? State::TooLarge : State::Malformed;
}

void ResponseReader::finish_if_done() {
    if (!parser_->is_done()) return;
    const unsigned status = parser_->get().result_int();
    // A response that could be read in two ways must not be: the next one on this connection would be another's.
    const bool two_lengths = parser_->get().count(beast::http::field::content_length) > 1 ||
                             (parser_->get().count(beast::http::field::content_length) == 1 &&
                              parser_->get().count(beast::http::field::transfer_encoding) > 0);
    const bool interim = status >= 100 && status < 200;
    if (status == 101 || status < 100 || status > 599 || two_lengths || (interim && ++interim_ > kMostInterim)) {
        state_ = State::Malformed;
    } else if (!interim) {
        state_ = State::Done;
    } else {
        begin();
    }
}

std::size_t ResponseReader::put(std::string_view bytes) {
    std::size_t used = 0;
    while (state_ == State::More && used < bytes.size()) {
        // Beast asserts that the end of a chunked body does not come in pieces of fewer than the 5 bytes that it has at least.
        if (parser_->is_header_done() && parser_->chunked() && bytes.size() - used < kLastChunk) break;
        beast::error_code error;
        const std::size_t step = parser_->put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), error);
        used += step;
        if (error == beast::http::error::need_more) break;
        if (error) {
            failed(error);
            break;
        }
        finish_if_done();
        // Not from the start: Beast then goes on into a body whose length it has just refused.
        if (state_ == State::More && parser_->is_header_done()) parser_->eager(true);
        if (step == 0) break;
    }
    if (state_ == State::Done && used < bytes.size()) state_ = State::Malformed;  // Nobody asked for more.
    return used;
}

void ResponseReader::end_of_stream() {
    if (state_ != State::More) return;
    if (!parser_->is_header_done()) {  // Beast's parser takes an end before the first byte for the caller's mistake.
        state_ = State::Malformed;
        return;
    }
    beast::error_code error;
    parser_->put_eof(error);
    if (error) {
        state_ = State::Malformed;
        return;
    }
    finish_if_done();
    if (state_ == State::More) state_ = State::Malformed;
}

http::Response ResponseReader::take() {
    http::Response response;
    Parser::value_type& message = parser_->get();
    response.status = static_cast<int>(message.result_int());
    response.headers.reserve(kUsualHeaders);
    for (const auto& field : message) {
        const std::string_view name = text(field.name_string());
        if (field.name() == beast::http::field::content_type) {
            response.content_type = text(field.value());
        } else if (passes_to_client(name)) {
            response.headers.emplace_back(name, text(field.value()));
        }
    }
    response.body = std::move(message.body());
    return response;
}

}  // namespace gateway
