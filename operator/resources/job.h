// What is done once.
#pragma once

#include <string>

#include "kube/object.h"
#include "resources/pod.h"

namespace resources {

// A Job's name ends in a digest of its pod: what a Job runs is immutable, so another pod is another Job. One that is complete
// stays as the mark that this was done. `purpose` is the component that its labels name: self's own, or what is done for self.
kube::Object job(const Component& self, const std::string& purpose, const Pod& pod, const SecretDigests& secrets);

}  // namespace resources
