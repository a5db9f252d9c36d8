// The API as a page for people, made from its OpenAPI document. No I/O.
#pragma once

#include <string>
#include <string_view>

namespace gateway {

struct DocsPage {
    std::string html;
    std::string policy;  // Content-Security-Policy: nothing but the page's own style.
};

// Throws nlohmann::json::exception where the text is no OpenAPI document.
DocsPage docs_page(std::string_view openapi);

}  // namespace gateway
