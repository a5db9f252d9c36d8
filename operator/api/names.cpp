#include "api/names.h"

namespace api {

std::string child_name(std::string_view platform, std::string_view part) {
    return std::string(platform) + "-" + std::string(part);
}

}  // namespace api
