#include "resources/job.h"

#include <nlohmann/json.hpp>

namespace resources {

using kube::Json;

namespace {

// The Job controller waits 10 s, 20 s and 40 s between attempts: longer than PostgreSQL takes to come back when its pod moves.
constexpr int kRetries = 3;

}  // namespace

kube::Object job(const Component& self, const std::string& purpose, const Pod& pod, const SecretDigests& secrets) {
    const Component part{self.platform, purpose, self.app, self.version};
    Json pod_of_job = pod_template(part, pod, secrets);
    const std::string digest = digest_text(pod_of_job).substr(0, 8);
    kube::Object object = owned_object(part, kube::kJob, (self.key == purpose ? "" : self.key + "-") + digest);
    object["metadata"]["labels"][std::string(kInstanceLabel)] = object.key().name;
    object["spec"] = {{"backoffLimit", kRetries},
                      {"podReplacementPolicy", "Failed"},  // Never two at once.
                      {"template", std::move(pod_of_job)}};
    return object;
}

}  // namespace resources
