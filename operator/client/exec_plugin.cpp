#include "client/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "client/url.h"
#include "kube/object.h"

extern char** environ;

namespace client {

namespace {

using kube::Json;

constexpr std::size_t kLargestOutput = 1u << 20;

std::string base64_encode(const std::string& text) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string encoded;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        unsigned group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i) encoded += at + i <= text.size() ? kAlphabet[group >> (18 - 6 * i) & 63U] : '=';
    }
    return encoded;
}

std::string message(const ExecPlugin& plugin, const std::string& why) {
    const std::string hint = plugin.install_hint.empty() ? "" : " (" + plugin.install_hint + ")";
    return "exec plugin " + plugin.command + ": " + why + hint;
}

class FileDescriptor {
public:
    explicit FileDescriptor(int fd) : fd_(fd) {}
    ~FileDescriptor() { reset(); }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    int get() const { return fd_; }
    void reset() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    int fd_;
};

// A process that leads a group of its own, so that what it starts ends with it.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(-pid_, SIGKILL);
        wait(0);
    }
    // The status once it has ended; 0 waits for that, WNOHANG looks only.
    std::optional<int> wait(int flags) {
        int status = 0;
        pid_t ended = 0;
        do ended = ::waitpid(pid_, &status, flags);
        while (ended < 0 && errno == EINTR);
        if (ended == 0) return std::nullopt;
        pid_ = -1;
        return ended < 0 ? -1 : status;
    }

private:
    pid_t pid_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

std::vector<std::string> environment(const ExecPlugin& plugin, const std::string& info) {
    std::map<std::string, std::string> set = plugin.env;
    set["KUBERNETES_EXEC_INFO"] = info;
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!set.contains(text.substr(0, text.find('=')))) all.push_back(text);
    }
    for (const auto& [name, value] : set) all.push_back(std::string(name).append("=").append(value));
    return all;
}

pid_t spawn(const ExecPlugin& plugin, const std::string& info, int out) {
    std::vector<std::string> args = plugin.args;
    args.insert(args.begin(), plugin.command);
    std::vector<std::string> env = environment(plugin, info);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    pid_t pid = -1;
    const int error =
        posix_spawnp(&pid, plugin.command.c_str(), &actions, &attributes, pointers(args).data(), pointers(env).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) throw std::runtime_error(message(plugin, std::generic_category().message(error)));
    return pid;
}

}  // namespace

std::string exec_info(const Config& config) {
    Json spec = {{"interactive", false}};
    if (config.exec->provide_cluster_info) {
        const std::string scheme = config.tls ? "https://" : "http://";
        Json& cluster = spec["cluster"];
        cluster["server"] = scheme + host_header(config.host, config.port, config.tls) + config.base_path;
        if (!config.tls_server_name.empty()) cluster["tls-server-name"] = config.tls_server_name;
        if (!config.ca_pem.empty()) cluster["certificate-authority-data"] = base64_encode(config.ca_pem);
    }
    return Json{{"apiVersion", config.exec->api_version}, {"kind", "ExecCredential"}, {"spec", spec}}.dump();
}

ExecCredential parse_exec_credential(const std::string& text, const std::string& api_version) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) throw std::runtime_error("printed no JSON object");
    if (kube::string_at(json, {"kind"}) != "ExecCredential") throw std::runtime_error("kind must be ExecCredential");
    if (kube::string_at(json, {"apiVersion"}) != api_version) throw std::runtime_error("apiVersion must be " + api_version);

    ExecCredential credential;
    credential.token = kube::string_at(json, {"status", "token"});
    credential.client_cert_pem = kube::string_at(json, {"status", "clientCertificateData"});
    credential.client_key_pem = kube::string_at(json, {"status", "clientKeyData"});
    if (credential.client_cert_pem.empty() != credential.client_key_pem.empty()) {
        throw std::runtime_error("status.clientCertificateData and status.clientKeyData belong together");
    }
    if (credential.token.empty() && credential.client_cert_pem.empty())
        throw std::runtime_error("status has neither token nor clientCertificateData");
    const std::string expires = kube::string_at(json, {"status", "expirationTimestamp"});
    if (!expires.empty()) {
        credential.expires = base::wall_time_from(expires);
        if (*credential.expires == base::WallTime{}) throw std::runtime_error("status.expirationTimestamp is no RFC 3339 time");
    }
    return credential;
}

std::string run_exec_plugin(const ExecPlugin& plugin, const std::string& info, std::chrono::milliseconds limit,
                            const std::stop_token& stop) {
    using std::chrono::steady_clock;
    const steady_clock::time_point deadline = steady_clock::now() + limit;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(message(plugin, std::generic_category().message(errno)));
    const FileDescriptor in{ends[0]};
    FileDescriptor out{ends[1]};
    Child child{spawn(plugin, info, out.get())};
    out.reset();

    std::string printed;
    bool open = true;
    std::optional<int> status;
    while (!status) {
        if (stop.stop_requested()) throw std::runtime_error(message(plugin, "stopped"));
        if (steady_clock::now() >= deadline)
            throw std::runtime_error(message(plugin, "no answer within " + std::to_string(limit.count()) + " ms"));
        static constexpr int kLook = 20;  // Milliseconds between looks at `stop` and at the child.
        pollfd ready{in.get(), POLLIN, 0};
        ::poll(&ready, open ? 1 : 0, kLook);
        if (open && ready.revents != 0) {
            char bytes[4096];
            const ssize_t size = ::read(in.get(), bytes, sizeof bytes);
            if (size > 0) printed.append(bytes, static_cast<std::size_t>(size));
            if (size == 0 || (size < 0 && errno != EINTR)) open = false;
            if (printed.size() > kLargestOutput) throw std::runtime_error(message(plugin, "printed more than 1 MiB"));
        }
        if (!open) status = child.wait(WNOHANG);
    }
    if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return printed;
    const std::string how =
        WIFEXITED(*status) ? "exit code " + std::to_string(WEXITSTATUS(*status)) : std::string("killed by a signal");
    throw std::runtime_error(message(plugin, how));
}

}  // namespace client
