#include "support/paths.h"

namespace support {

std::string in_checkout(const std::string& path) {
    return SOURCE_DIR "/" + path;
}

std::string in_build(const std::string& path) {
    return BINARY_DIR "/" + path;
}

}  // namespace support
