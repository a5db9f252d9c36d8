// A sandbox's broker from outside: sends events as another service would, and hears what services send.
#pragma once

#include <optional>
#include <string>

#include "harness.h"

namespace services {

class Broker {
public:
    explicit Broker(Sandbox& sandbox);

    // With an id of its own. Fails the test where no service's queue takes it.
    void publish(const std::string& type, const Json& payload);

    // From now on, every event is kept here too. The exchange must be there: a service makes it when it starts.
    void listen();
    // The payload of the next one of that type; events of other types that came before are let go. Nothing after 30 s.
    std::optional<Json> next(const std::string& type);

private:
    support::Finished call(const std::string& method, const std::string& path, const Json& body) const;

    const Url api_;
    const std::string vhost_;
};

}  // namespace services
