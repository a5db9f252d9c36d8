#include "client/config.h"

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "client/files.h"
#include "client/kubeconfig.h"
#include "client/url.h"

namespace client {

namespace {

constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string required(const ReadFile& read, const std::string& path) {
    std::optional<std::string> text = read(path);
    if (!text || trimmed(*text).empty()) throw std::runtime_error("service account: " + path + ": is missing or empty");
    return *std::move(text);
}

Config in_cluster(const std::string& host, const Environment& env, const ReadFile& read) {
    const std::string folder = kServiceAccount;
    const std::string port = env("KUBERNETES_SERVICE_PORT").value_or("443");
    const bool v6 = host.find(':') != std::string::npos;
    ServerUrl server;
    try {
        server = parse_server_url("https://" + (v6 ? "[" + host + "]" : host) + ":" + port);
    } catch (const std::invalid_argument& error) {
        throw std::runtime_error(std::string("environment: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: ") +
                                 error.what());
    }
    Config config;
    config.in_cluster = true;
    config.host = server.host;
    config.port = server.port;
    config.ca_pem = required(read, folder + "/ca.crt");
    config.token_file = folder + "/token";
    required(read, config.token_file);
    const std::string ns = trimmed(read(folder + "/namespace").value_or(""));
    if (!ns.empty()) config.default_namespace = ns;
    return config;
}

KubeconfigFile required_file(const std::string& path, const ReadFile& read) {
    std::optional<std::string> text = read(path);
    if (!text) throw std::runtime_error("kubeconfig " + path + ": no such file");
    return {path, *std::move(text)};
}

// As kubectl: files of the list that do not exist are passed over, unless none does.
std::vector<KubeconfigFile> files_of_list(const std::string& list, const ReadFile& read) {
    std::vector<KubeconfigFile> files;
    std::istringstream in(list);
    for (std::string path; std::getline(in, path, ':');) {
        if (path.empty()) continue;
        if (std::optional<std::string> text = read(path)) files.push_back({path, *std::move(text)});
    }
    if (files.empty()) throw std::runtime_error("kubeconfig " + list + " (KUBECONFIG): no such file");
    return files;
}

}  // namespace

Config load_config(const std::string& path, const std::string& context, const Environment& env, const ReadFile& read) {
    if (!path.empty()) return config_from({required_file(path, read)}, context, read);
    const std::string list = env("KUBECONFIG").value_or("");
    if (!list.empty()) return config_from(files_of_list(list, read), context, read);
    const std::string host = env("KUBERNETES_SERVICE_HOST").value_or("");
    if (!host.empty() && context.empty()) return in_cluster(host, env, read);
    const std::string home = env("HOME").value_or("/root");
    return config_from({required_file(home + "/.kube/config", read)}, context, read);
}

Config load_config(const std::string& path, const std::string& context) {
    const Environment env = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    return load_config(path, context, env, read_file);
}

}  // namespace client
