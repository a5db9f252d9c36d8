// The contract between operator and services: what a service finds in its environment and in its files.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "api/platform.h"
#include "kube/object.h"
#include "resources/pod.h"

namespace resources {

std::vector<kube::Json> environment(const api::Platform& platform, const api::Service& service);

// Secrets are files, never variables: a variable shows in crash dumps and child processes, and cannot change while the pod runs.
std::vector<Mount> secret_mounts(const api::Platform& platform, const api::Service& service);

// The folder with the URL of its database, as the role of that purpose. Of an external one that is owned there are the file url
// of the serving role, and owner-url where the Secret has one.
Mount database_mount(const api::Platform& platform, const api::Service& service, std::string_view purpose);

// Keys of that Secret without which pods of `objects` do not start.
std::set<std::string> keys_read(const kube::Objects& objects, const std::string& secret);

}  // namespace resources
