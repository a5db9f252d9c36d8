// Objects of others in the namespaces of platforms that act on what is a platform's. Of each only what it acts on.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "common/base/log.h"
#include "quality/observed.h"

namespace reconcile {

// The selector, in JSON, of the pods that a NetworkPolicy allows something; empty: it allows nothing.
std::string allowed_by(const kube::Json& policy);

// The selector, in JSON, of the pods whose disruption a PodDisruptionBudget bounds; empty: of none.
std::string bounded_by(const kube::Json& budget);

// The name of the Deployment that a HorizontalPodAutoscaler scales; empty: it scales something else.
std::string scaled_by(const kube::Json& scaler);

// The name of the Deployment of which a VerticalPodAutoscaler changes the pods; empty: of something else, or it only recommends.
std::string sized_by(const kube::Json& scaler);

// A pod that runs, and those of its labels that its template may not have: its controller's, or put on by hand.
struct Labelled {
    std::string component;
    kube::Json labels;
};

// A platform: the objects that it must have and the pods that it has, of which those in the namespace count.
struct Scene {
    const kube::Objects& wanted;
    const std::string& ns;
    const std::vector<Labelled>& pods;
};

// The components whose pods the selector selects, by the labels that they are declared with or those that they have.
std::vector<std::string> selected_by(const std::string& selector, const Scene& scene);
// The component whose Deployment has that name, if any.
std::vector<std::string> deployed_as(const std::string& name, const Scene& scene);

// An object that the operator applied is no other's. Labels would not tell: whoever copies an object copies them.
bool is_ours(const kube::Json& object);

class Others {
public:
    // Hears of the namespace in which one came, changed or went.
    using Changed = std::function<void(const std::string& ns)>;

    // `ns` empty: all namespaces.
    Others(boost::asio::io_context& io, client::Client& client, const base::Log& log, const std::string& ns,
           const Changed& changed);
    ~Others();

    // As Surroundings has them.
    bool settled() const;
    void on_settled(const std::function<void()>& callback);

    // Whether there is any in the namespace.
    bool are_in(const std::string& ns) const;
    // Those in the namespace that act on components of the platform, by kind. Kinds that are not shown are missing.
    quality::Others acting_on(const Scene& scene) const;

    // Of an optional API: there are none while it is not there.
    void set_served(const kube::Kind& kind, bool served);

    void start();
    void stop();

private:
    struct Watched;

    void run(Watched& watched);

    boost::asio::io_context& io_;
    std::vector<std::unique_ptr<Watched>> watched_;
};

}  // namespace reconcile
