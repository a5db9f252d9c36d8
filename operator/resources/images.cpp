#include "resources/images.h"

#include <stdexcept>

#include "api/components.h"
#include "api/images.h"

namespace resources {
namespace {

std::string reference(const api::Images& images, const std::string& image, std::string_view tag) {
    const auto digest = images.digests.find(image);
    if (digest != images.digests.end()) return api::repository(images, image) + "@" + digest->second;
    return api::repository(images, image) + ":" + std::string(tag);
}

}  // namespace

std::string service_image(const api::Spec& spec, std::string_view image) {
    return reference(spec.images, std::string(image), spec.version);
}

std::string program_image(const api::Spec& spec, std::string_view name) {
    const api::Program* program = api::find_program(name);
    if (!program) throw std::invalid_argument("no program is named " + std::string(name));
    return reference(spec.images, std::string(name), program->version);
}

std::string_view to_string(api::PullPolicy policy) {
    switch (policy) {
        case api::PullPolicy::Always:
            return "Always";
        case api::PullPolicy::IfNotPresent:
            return "IfNotPresent";
        case api::PullPolicy::Never:
            return "Never";
    }
    throw std::invalid_argument("unknown pull policy");
}

}  // namespace resources
