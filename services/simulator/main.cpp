// A payment provider to test with: an API, books kept by a journal, faults on demand. It has no database.
#include "common/service/embedded.h"
#include "common/service/process.h"
#include "simulator/simulator_routes.h"

namespace {

class Simulator final : public service::Service {
public:
    explicit Simulator(service::Frame& frame) : routes_(frame.environment.get("JOURNAL"), frame.log, frame.registry) {}

    void add_routes(http::Router& router) override { routes_.add_to(router); }
    std::optional<std::string> unready() override {
        if (routes_.broken()) return "the journal can't be written";
        return std::nullopt;
    }

private:
    simulator::Routes routes_;
};

}  // namespace

int main(int argc, char** argv) {
    service::Description description;
    description.name = "payment-provider-simulator";
    description.version = SERVICE_VERSION;
    description.openapi = embedded::openapi();
    description.make = [](service::Frame& frame) { return std::make_unique<Simulator>(frame); };
    return service::run(argc, argv, description);
}
