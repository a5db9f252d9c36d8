// Any text as CONFIG_FILE, as a duration, as the addresses of a service, and as an address to listen on: what is taken is within
// its bounds and means the same when it is written again; what is not is refused in words.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/http/address.h"
#include "common/service/configuration.h"
#include "common/service/duration.h"
#include "gateway/targets.h"
#include "holds.h"

namespace {

void read_settings(std::string_view text) {
    try {
        const service::Settings settings = service::settings_from(text);
        constexpr base::Duration kHour{3'600'000};
        holds(settings.api_timeout >= base::Duration{1} && settings.api_timeout <= kHour);
        holds(settings.drain_timeout >= base::Duration{0} && settings.drain_timeout <= kHour);
        holds(settings.max_connections >= 1 && settings.max_connections <= 100'000);
    } catch (const service::ConfigurationError& error) {
        holds(std::string_view(error.what()).starts_with("configuration: "));
    }
}

void read_duration(std::string_view text) {
    const auto duration = service::duration_from(text);
    if (!duration) return;
    holds(*duration >= base::Duration{0});
    holds(service::duration_from(std::to_string(duration->count()) + "ms") == duration);
}

void read_targets(std::string_view text) {
    try {
        double weights = 0;
        for (const gateway::Target& target : gateway::targets_from(text)) {
            weights += target.weight;
            holds(!target.host.empty() && target.port != 0);
            const auto again = gateway::targets_from("http://" + target.authority());
            holds(again.size() == 1 && again.front().host == target.host && again.front().port == target.port);
        }
        holds(weights > 0);
    } catch (const std::invalid_argument&) {
    }
}

void read_address(std::string_view text) {
    try {
        const http::Address address = http::address_from(text);
        holds(http::address_from(to_string(address)) == address);
    } catch (const std::invalid_argument&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_settings(text);
    read_duration(text);
    read_targets(text);
    read_address(text);
    return 0;
}
