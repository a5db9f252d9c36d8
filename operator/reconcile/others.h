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

// The components of `wanted` in the namespace whose pods the selector selects, by the labels that they are declared with.
std::vector<std::string> selected_by(const std::string& selector, const kube::Objects& wanted, const std::string& ns);
// The component whose Deployment has that name, if any.
std::vector<std::string> deployed_as(const std::string& name, const kube::Objects& wanted, const std::string& ns);

// Whose they are is told by the label app.kubernetes.io/managed-by: that of the platform may well be on what others made for it.
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

    // Those in the namespace that act on components of `wanted`, by kind. Kinds that are not shown are missing.
    quality::Others acting_on(const kube::Objects& wanted, const std::string& ns) const;

    void start();
    void stop();

private:
    struct Watched;

    boost::asio::io_context& io_;
    std::vector<std::unique_ptr<Watched>> watched_;
};

}  // namespace reconcile
