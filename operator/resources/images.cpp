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

std::string_view store_version(std::string_view store) {
    if (store == api::kPostgres) return "15";
    if (store == api::kRedis) return "7.0";
    if (store == api::kRabbitmq) return "3.10";
    if (store == api::kPrometheus) return "v2.42.0";
    if (store == api::kFluentBit) return "4.2.2";
    throw std::invalid_argument("no data store is named " + std::string(store));
}

std::string service_image(const api::Spec& spec, std::string_view image) {
    return reference(spec.images, std::string(image), spec.version);
}

std::string store_image(const api::Spec& spec, std::string_view store) {
    return reference(spec.images, std::string(store), store_version(store));
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
