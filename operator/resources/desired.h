// PURE: the objects that a platform must have. The same platform gives the same objects in the same order.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/platform.h"
#include "kube/object.h"
#include "resources/rotation.h"

namespace resources {

// Optional APIs that the cluster serves, as "httproutes.gateway.networking.k8s.io".
using Capabilities = std::set<std::string, std::less<>>;

// Digests of the platform's generated Secrets by object name; a changed digest rolls the pods that read the Secret.
using SecretDigests = std::map<std::string, std::string, std::less<>>;

// A Secret whose values are not known here. In a template, "${NAME}" stands for the credential of that name; a credential is
// derived from the platform's root key, so the same name gives the same value in every template. "${NAME:ed25519}" is that
// credential as a PEM private key. "$$" is a dollar.
struct SecretTemplate {
    std::string name;
    std::string component;                     // For the labels.
    std::map<std::string, std::string> files;  // Key in the Secret to template.
    bool retained = false;  // Opens a retained volume, so it outlives the platform under DeletionPolicy::Retain.
};

std::vector<SecretTemplate> secrets(const api::Platform& platform, const Rotation& rotation);

// The metadata of a generated Secret: name, labels, owner (none where it must outlive the platform). Type Opaque, no data.
kube::Object secret_object(const api::Platform& platform, const std::string& name, const std::string& component, bool retained);

// Everything but the Secrets, in the order of application. Objects of APIs that are not in `capabilities` are left out.
kube::Objects desired(const api::Platform& platform, const SecretDigests& secrets, const Capabilities& capabilities);

// An object that could not be made because the cluster lacks its API.
struct LeftOut {
    std::string field;        // That asks for it.
    std::string consequence;  // "HTTPRoute: the cluster does not serve …, so no request …"
    std::string cure;         // "Install …."
    bool needed;              // Without it the platform does not serve as the spec says.
};
std::string to_string(const LeftOut& missing);  // The consequence and the cure.
std::vector<LeftOut> left_out(const api::Platform& platform, const Capabilities& capabilities);

}  // namespace resources
