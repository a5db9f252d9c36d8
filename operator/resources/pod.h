// Pods as every part of the platform has them: one container, but for an agent beside it, restricted as Pod Security demands,
// spread as the spec asks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/json.h"
#include "resources/component.h"
#include "resources/desired.h"

namespace resources {

// The user and group of every container. Above 10000, so that it is no user of the node.
inline constexpr std::int64_t kUser = 10001;

// Where the files of Secrets and ConfigMaps appear.
inline constexpr std::string_view kSecretsFolder = "/etc/ecommerce/secrets";
inline constexpr std::string_view kConfigFolder = "/etc/ecommerce/config";

// A folder in the container and what it shows.
struct Mount {
    std::string name;
    std::string path;
    kube::Json source;  // As in a pod's volume; null for the volume of a claim.
    bool read_only = true;
    std::string secret;  // The Secret that it shows, if any.
};

// Memory-backed folders count against the container's memory limit.
enum class Medium { Disk, Memory };
Mount empty_folder(std::string name, std::string path, std::string_view size, Medium medium = Medium::Disk);
Mount config_folder(const std::string& config_map);
// All files of a Secret in kSecretsFolder/NAME.
Mount secret_folder(const std::string& name, const std::string& secret);
// One key of a Secret, as a file.
Mount secret_file(const std::string& name, const std::string& secret, const std::string& key, const std::string& file);
Mount claimed_folder(std::string name, std::string path);
// For a second container: what the pod's first one has.
Mount seen_too(Mount mount);

// A folder of the node.
Mount node_folder(std::string name, std::string path, bool read_only);

kube::Json env(std::string_view name, std::string_view value);
kube::Json env_from_field(std::string_view name, std::string_view path);
kube::Json tcp_port(std::string_view name, int port);

// Agent: one on each node, of which it reads folders, in a namespace that is prepared for it.
enum class Workload { Service, Data, Job, Agent };

struct Pod {
    Workload workload = Workload::Service;
    std::string name;  // Of the container; empty: the component's.
    std::string image;
    std::vector<std::string> command;  // Empty: the image's own.
    std::vector<std::string> args;
    std::vector<kube::Json> ports;
    std::vector<kube::Json> env;
    api::Compute compute;
    std::vector<Mount> mounts;
    kube::Json startup;
    kube::Json liveness;
    kube::Json readiness;
    kube::Json pre_stop;  // Null: SIGTERM comes at once.
    int grace_seconds = 30;
    kube::Json annotations = nullptr;  // Null: none of its own.
    std::vector<Pod> beside;           // Containers that begin before this one and end after it.
};

// `metadata` and `spec` of a workload's template. A Job's pod has no ports and no probes, and is started once. The digests of the
// Secrets that the pod mounts become an annotation.
kube::Json pod_template(const Component& self, const Pod& pod, const SecretDigests& secrets);

}  // namespace resources
