// Who may talk to whom: the one table from which every network policy is made, both ends of each row.
#pragma once

#include <string>
#include <vector>

#include "api/platform.h"

namespace resources {

// One end of a flow: a component of this platform, or an address outside it.
struct End {
    std::string component;  // Empty: outside.
    api::Address address;   // The port is not used; without cidr and namespace it is anywhere.
};

struct Port {
    int number;
    const char* protocol = "TCP";

    friend bool operator==(const Port& a, const Port& b) {
        return a.number == b.number && std::string_view(a.protocol) == b.protocol;
    }
};

struct Flow {
    End from;
    End to;
    std::vector<Port> ports;
};

// Every component that has pods, Jobs included.
std::vector<std::string> components_with_pods(const api::Platform& platform);

std::vector<Flow> flows(const api::Platform& platform);

// Where an endpoint's URL leads. A host of one or two labels or one under `svc` is a Service of the cluster
// ("jaeger", "jaeger.tracing", "jaeger.tracing.svc.cluster.local"); a policy cannot name any other host, so that one may be
// anywhere.
api::Address address_of_url(const std::string& url, const std::string& own_namespace);

}  // namespace resources
