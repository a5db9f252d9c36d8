#include "resources/images.h"

#include <stdexcept>

#include "api/components.h"

namespace resources {
namespace {

std::string image_reference(const api::Images& images, const std::string& registry, const std::string& image,
                            std::string_view tag) {
    const std::string repository = registry.empty() ? image : registry + "/" + image;
    const auto digest = images.digests.find(image);
    if (digest != images.digests.end()) return repository + "@" + digest->second;
    return repository + ":" + std::string(tag);
}

}  // namespace

std::string_view store_version(std::string_view store) {
    if (store == api::kPostgres) return "15";
    if (store == api::kRedis) return "7.0";
    if (store == api::kRabbitmq) return "3.10";
    throw std::invalid_argument("no data store is named " + std::string(store));
}

std::string service_image(const api::Spec& spec, std::string_view image) {
    return image_reference(spec.images, spec.images.registry, std::string(image), spec.version);
}

std::string store_image(const api::Spec& spec, std::string_view store) {
    return image_reference(spec.images, spec.images.data_registry, std::string(store), store_version(store));
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
