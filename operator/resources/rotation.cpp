#include "resources/rotation.h"

namespace resources {

std::vector<int> Rotation::accepted() const {
    if (step == Step::Settled) return {generation};
    return {generation - 1, generation};
}

std::string user_of(std::string_view name, int generation) {
    return std::string(name) + (generation % 2 == 0 ? "" : "_2");
}

}  // namespace resources
