// Where the checkout and this build are. Known to paths.cpp alone, so that the other sources compile to the same in every folder,
// and one checkout finds in the compiler's cache what another has compiled.
#pragma once

#include <string>

namespace support {

std::string in_checkout(const std::string& path);  // "samples/minimal.yaml": where that is.
std::string in_build(const std::string& path);     // "bin/user-service", of the CMake preset that made this program.

}  // namespace support
