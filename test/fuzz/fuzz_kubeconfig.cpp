// Any text as a kubeconfig is accepted or refused with an error; and any text as a plugin's answer.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "client/exec_plugin.h"
#include "client/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto read = [](const std::string& path) -> std::optional<std::string> {
        if (path.size() % 3 == 0) return std::nullopt;  // Files that it names are there, or are not.
        return path.size() % 3 == 1 ? "-----BEGIN CERTIFICATE-----" : "text";
    };
    try {
        const client::Config config = client::config_from({{"/folder/config", text}}, "", read);
        if (config.host.empty() || config.port.empty()) throw std::logic_error("accepted without a server");
        if (config.exec) client::exec_info(config);
    } catch (const std::runtime_error&) {
    }
    try {
        client::parse_exec_credential(text, "client.authentication.k8s.io/v1");
    } catch (const std::runtime_error&) {
    }
    return 0;
}
