// What of a request the server accepts, and how a response begins. Internal to the server.
#pragma once

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "common/http/message.h"

namespace http {

using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

// The status that refuses what the parser could not read.
int refusal_for(const boost::beast::error_code& error);

// The rules of RFC 9112 that Beast leaves to its user, where a proxy in front could read another request than we do; 0: fine.
int objection(const Parser::value_type& head);

Request request_of(const Parser::value_type& head, const std::string& peer);  // Without the body.

Response refused(int status);  // As problem+json.

bool is_sendable(const Response& response);  // No header or content type holds a line break or NUL.

// The whole of a response up to its body.
std::string response_head(const Response& response, bool keep_alive, bool http_1_0);

}  // namespace http
