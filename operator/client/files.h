// Small files read whole: configuration, certificates, tokens.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace client {

// Nothing where the file does not exist. Throws std::runtime_error "PATH: reason" where it can't be read or has over 4 MiB.
std::optional<std::string> read_file(const std::string& path);

// Without the white space around it.
std::string trimmed(const std::string& text);

// read_file, or what a test puts in its place.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

}  // namespace client
