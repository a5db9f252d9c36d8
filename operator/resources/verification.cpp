#include "resources/verification.h"

#include <nlohmann/json.hpp>

#include "api/profile.h"
#include "resources/images.h"
#include "resources/job.h"
#include "resources/objects.h"

namespace resources {

using kube::Json;

kube::Objects verification(const api::Platform& platform, const SecretDigests& secrets, const kube::Objects& rest) {
    if (!platform.spec.verify_after_rollout) return {};
    Json rolled = Json::array();
    for (const kube::Object& object : rest) {
        if (object.kind == kube::kDeployment) rolled.push_back(object.json["spec"]["template"]);
    }
    const Component self{platform, std::string(kEndToEnd), std::string(kEndToEnd), platform.spec.version};
    const Mount password = secret_folder("e2e", name_of(self));
    Pod pod;
    pod.workload = Workload::Job;
    pod.image = service_image(platform.spec, api::kGateway.image);
    pod.args = {"verify"};
    pod.env = {env("GATEWAY_URL", "http://" + host_of(platform, api::kGateway.key)),
               env("VERIFICATION_EMAIL", "verification@" + platform.key.name + "." + platform.key.ns + ".example.com"),
               env("VERIFICATION_PASSWORD_FILE", password.path + "/" + std::string(kCustomerPasswordFile))};
    pod.compute = api::job_compute();
    pod.mounts = {password, empty_folder("tmp", "/tmp", "64Mi")};
    pod.annotations = {{"ecommerceplatform.io/verifies", digest_text(rolled)}};
    return {service_account(self), job(self, self.key, pod, secrets)};
}

}  // namespace resources
