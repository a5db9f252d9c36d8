// Where the API server is and who we are to it: from a kubeconfig or from the pod's service account.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/files.h"

namespace client {

// A command that prints an ExecCredential (client.authentication.k8s.io).
struct ExecPlugin {
    std::string api_version;
    std::string command;  // A path, or a name that $PATH finds.
    std::vector<std::string> args;
    std::map<std::string, std::string> env;
    std::string install_hint;
    bool provide_cluster_info = false;
};

struct Config {
    std::string host;  // Of the server's URL; without brackets.
    std::string port;
    std::string base_path;        // Path of the server's URL without the last slash; mostly empty.
    bool tls = true;              // False only for http://, which is allowed to a loopback address alone.
    std::string tls_server_name;  // For SNI and verification; empty: host.
    std::string ca_pem;           // Empty: the system's authorities.
    std::string client_cert_pem;
    std::string client_key_pem;
    std::string token;
    std::string token_file;  // Read again when it may have changed; wins over token.
    std::optional<ExecPlugin> exec;
    std::string default_namespace = "default";
    bool in_cluster = false;  // From the pod's service account.
    std::string user_agent = "ecommerce-operator (linux)";
};

// Reads the kubeconfig: `path` if not empty, else the files of $KUBECONFIG (colon-separated, merged as kubectl does), else the
// pod's service account where KUBERNETES_SERVICE_HOST is set, else ~/.kube/config. `context` empty: the current context.
// Throws std::runtime_error that names file and field: a missing file, a context that does not exist, fields that this client
// refuses for safety or does not support (insecure-skip-tls-verify, username and password, auth-provider, impersonation,
// proxy-url).
Config load_config(const std::string& path, const std::string& context);

// The same with the surroundings as arguments.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Config load_config(const std::string& path, const std::string& context, const Environment& env, const ReadFile& read);

}  // namespace client
