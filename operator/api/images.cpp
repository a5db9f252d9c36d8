#include "api/images.h"

namespace api {

std::string repository(const Images& images, std::string_view image) {
    const Program* program = find_program(image);
    const std::string& registry = program ? images.data_registry : images.registry;
    if (registry.empty()) return std::string(program ? program->repository : image);
    return registry + "/" + std::string(image);
}

// What stands before the first slash is a registry where it looks like a host.
std::string full_name(const std::string& repository) {
    const std::size_t slash = repository.find('/');
    if (slash == std::string::npos) return "docker.io/library/" + repository;
    const std::string first = repository.substr(0, slash);
    return first == "localhost" || first.find_first_of(".:") != std::string::npos ? repository : "docker.io/" + repository;
}

std::vector<std::string> images_of(const Spec& spec) {
    std::vector<std::string> names;
    names.reserve(kServices.size());
    for (const Service& service : kServices) names.emplace_back(service.image);
    for (const NamedStore& each : managed_stores(spec)) names.emplace_back(each.name);
    if (spec.logging.agent != LogAgent::None) names.emplace_back(kFluentBit);
    return names;
}

}  // namespace api
