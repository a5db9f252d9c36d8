#include "client/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <stdexcept>
#include <utility>

#include "client/base64.h"
#include "client/url.h"

namespace client {

namespace {

// A value of a file with its place, which every message names.
class Field {
public:
    Field(const YAML::Node& node, std::string file, std::string name)
        : node_(node), file_(std::move(file)), name_(std::move(name)) {}

    [[noreturn]] void refuse(const std::string& why) const {
        throw std::runtime_error("kubeconfig " + file_ + ": " + name_ + ": " + why);
    }

    bool present() const { return node_.IsDefined() && !node_.IsNull(); }
    bool is_map_or_nothing() const { return !present() || node_.IsMap(); }
    Field operator[](const std::string& key) const {
        if (present() && !node_.IsMap()) refuse("must be a map");
        const std::string name = name_.empty() ? key : name_ + "." + key;
        return {present() ? member(key) : YAML::Node(YAML::NodeType::Undefined), file_, name};
    }
    // "" where the field is missing.
    std::string text() const {
        if (!present()) return "";
        if (!node_.IsScalar()) refuse("must be a string");
        return node_.Scalar();
    }
    std::string required() const {
        std::string value = text();
        if (value.empty()) refuse("is missing");
        return value;
    }
    bool flag() const {
        const std::string value = text();
        if (value == "true" || value == "True" || value == "TRUE") return true;
        if (!value.empty() && value != "false" && value != "False" && value != "FALSE") refuse("must be true or false");
        return false;
    }
    std::vector<Field> items() const {
        if (present() && !node_.IsSequence()) refuse("must be a list");
        std::vector<Field> fields;
        if (!present()) return fields;
        for (const YAML::Node& item : node_) fields.emplace_back(item, file_, name_ + "[" + std::to_string(fields.size()) + "]");
        return fields;
    }
    Field named(std::string name) const { return {node_, file_, std::move(name)}; }

    // A path in a kubeconfig is relative to the kubeconfig's folder.
    std::string path() const { return beside(required()); }
    std::string beside(const std::string& relative) const {
        return (std::filesystem::path(file_).parent_path() / relative).string();
    }

private:
    YAML::Node member(const std::string& key) const {
        const YAML::Node& node = node_;
        return node[key];
    }

    YAML::Node node_;
    std::string file_;
    std::string name_;
};

std::vector<Field> documents(const std::vector<KubeconfigFile>& files) {
    std::vector<Field> roots;
    for (const KubeconfigFile& file : files) {
        const Field place{YAML::Node(), file.path, "file"};
        try {
            roots.emplace_back(YAML::Load(file.text), file.path, "");
        } catch (const YAML::ParserException& error) {
            // yaml-cpp's own text may quote the file, which holds secrets.
            place.named("line " + std::to_string(error.mark.line + 1)).refuse("is no valid YAML");
        } catch (const YAML::Exception&) {
            place.refuse("is no valid YAML");
        }
        if (!roots.back().is_map_or_nothing()) place.refuse("is no map of fields");
    }
    return roots;
}

// The first entry of that name in a list of {name: …, KEY: {…}}; its place is "clusters[name=prod].cluster".
std::optional<Field> find(const std::vector<Field>& roots, const std::string& list, const std::string& key,
                          const std::string& name) {
    for (const Field& root : roots) {
        for (const Field& item : root[list].items()) {
            if (item["name"].text() != name) continue;
            std::string place = list;
            place.append("[name=").append(name).append("].").append(key);
            return item[key].named(std::move(place));
        }
    }
    return std::nullopt;
}

// Of the file that the field names.
std::string content(const Field& field, const ReadFile& read) {
    std::optional<std::string> text;
    try {
        text = read(field.path());
    } catch (const std::runtime_error& error) {
        field.refuse(error.what());
    }
    if (!text) field.refuse(field.path() + ": no such file");
    return *std::move(text);
}

// Of the field NAME-data, else of the file that the field NAME names; "" where neither is set.
std::string pem(const Field& parent, const std::string& name, const ReadFile& read) {
    const Field data = parent[name + "-data"];
    if (!data.text().empty()) {
        const std::optional<std::string> decoded = base64_decode(data.text());
        if (!decoded) data.refuse("is no base64");
        if (decoded->find("-----BEGIN ") == std::string::npos) data.refuse("holds no PEM");
        return *decoded;
    }
    const Field file = parent[name];
    if (file.text().empty()) return "";
    std::string text = content(file, read);
    if (text.find("-----BEGIN ") == std::string::npos) file.refuse(file.path() + ": holds no PEM");
    return text;
}

void set_cluster(Config& config, const Field& cluster, const ReadFile& read) {
    const Field server = cluster["server"];
    try {
        const ServerUrl url = parse_server_url(server.required());
        config.host = url.host;
        config.port = url.port;
        config.base_path = url.base_path;
        config.tls = url.tls;
    } catch (const std::invalid_argument& error) {
        server.refuse(error.what());
    }
    if (cluster["insecure-skip-tls-verify"].flag()) {
        cluster["insecure-skip-tls-verify"].refuse(
            "is refused, since anyone could read our credentials: name the authority instead");
    }
    if (!cluster["proxy-url"].text().empty()) cluster["proxy-url"].refuse("is not supported");
    config.ca_pem = pem(cluster, "certificate-authority", read);
    config.tls_server_name = cluster["tls-server-name"].text();
}

ExecPlugin exec_plugin(const Field& exec) {
    ExecPlugin plugin;
    plugin.api_version = exec["apiVersion"].required();
    if (plugin.api_version != "client.authentication.k8s.io/v1" && plugin.api_version != "client.authentication.k8s.io/v1beta1") {
        exec["apiVersion"].refuse("must be client.authentication.k8s.io/v1 or v1beta1");
    }
    plugin.command = exec["command"].required();
    const bool relative = plugin.command.find('/') != std::string::npos && !plugin.command.starts_with('/');
    if (relative) plugin.command = exec["command"].beside(plugin.command);
    for (const Field& arg : exec["args"].items()) plugin.args.push_back(arg.text());
    for (const Field& variable : exec["env"].items()) plugin.env[variable["name"].required()] = variable["value"].text();
    plugin.install_hint = exec["installHint"].text();
    plugin.provide_cluster_info = exec["provideClusterInfo"].flag();
    const std::string mode = exec["interactiveMode"].text();
    if (mode == "Always") exec["interactiveMode"].refuse("is Always, but this program has no terminal");
    if (!mode.empty() && mode != "Never" && mode != "IfAvailable")
        exec["interactiveMode"].refuse("must be Never, IfAvailable or Always");
    return plugin;
}

void set_user(Config& config, const Field& user, const ReadFile& read) {
    for (const char* name : {"username", "password"}) {
        if (!user[name].text().empty()) user[name].refuse("is not supported: API servers no longer take passwords");
    }
    if (user["auth-provider"].present()) user["auth-provider"].refuse("is not supported: use an exec plugin");
    for (const char* name : {"as", "as-uid", "as-groups", "as-user-extra"}) {
        if (user[name].present()) user[name].refuse("is not supported");
    }
    config.client_cert_pem = pem(user, "client-certificate", read);
    config.client_key_pem = pem(user, "client-key", read);
    if (config.client_cert_pem.empty() != config.client_key_pem.empty()) {
        user[config.client_cert_pem.empty() ? "client-certificate" : "client-key"].refuse(
            "is missing: certificate and key belong together");
    }
    config.token = user["token"].text();
    if (!user["tokenFile"].text().empty()) {
        config.token_file = user["tokenFile"].path();
        content(user["tokenFile"], read);
    }
    if (user["exec"].present()) config.exec = exec_plugin(user["exec"]);
}

}  // namespace

Config config_from(const std::vector<KubeconfigFile>& files, const std::string& context, const ReadFile& read) {
    const std::vector<Field> roots = documents(files);
    std::string all;
    for (const KubeconfigFile& file : files) all += (all.empty() ? "" : ":") + file.path;
    const Field nowhere{YAML::Node(), all, ""};

    std::string chosen = context;
    for (const Field& root : roots) {
        if (chosen.empty()) chosen = root["current-context"].text();
    }
    if (chosen.empty()) nowhere.named("current-context").refuse("is not set, and no context was asked for");
    const std::optional<Field> place = find(roots, "contexts", "context", chosen);
    if (!place || !place->present()) nowhere.named("contexts").refuse("has no context named " + chosen);

    Config config;
    const std::string cluster_name = (*place)["cluster"].required();
    const std::optional<Field> cluster = find(roots, "clusters", "cluster", cluster_name);
    if (!cluster || !cluster->present()) (*place)["cluster"].refuse("there is no cluster named " + cluster_name);
    set_cluster(config, *cluster, read);

    const std::string user_name = (*place)["user"].text();
    if (!user_name.empty()) {
        const std::optional<Field> user = find(roots, "users", "user", user_name);
        if (!user) (*place)["user"].refuse("there is no user named " + user_name);
        set_user(config, *user, read);
    }
    const std::string ns = (*place)["namespace"].text();
    if (!ns.empty()) config.default_namespace = ns;
    return config;
}

}  // namespace client
