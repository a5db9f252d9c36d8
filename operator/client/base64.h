// Base64 as kubeconfigs carry it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace client {

// White space is passed over; nothing where the text is no padded standard base64.
std::optional<std::string> base64_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);

}  // namespace client
