// The platform that a command is given as a file.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "api/platform.h"

namespace cli {

// The document of the file ("-": standard input), valid and with a namespace. Nothing: every problem was written to `err`.
// Throws std::runtime_error if the file can't be read.
std::optional<kube::Json> read_valid(const std::string& file, const std::string& default_ns, std::ostream& err);

// What messages call the file.
std::string source_name(const std::string& file);

}  // namespace cli
