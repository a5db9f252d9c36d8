// What others made and a platform refers to: Secrets, what certificates are in them, and the roles that its RoleBindings give.
// Whether they are there, by a watch on each.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "client/client.h"
#include "common/base/log.h"
#include "kube/object.h"

namespace reconcile {

// Of a certificate its Secret is asked for; of other Secrets and of ClusterRoles nothing but metadata.
struct Reference {
    enum class Use { Presence, Certificate, Role };
    kube::Key key;
    Use use = Use::Presence;

    friend auto operator<=>(const Reference&, const Reference&) = default;
};

class References {
public:
    using Changed = std::function<void(const kube::Key& platform)>;

    // `changed` hears when something that a platform refers to comes, changes or goes, or is first known about.
    References(boost::asio::io_context& io, client::Client& client, base::Log log, Changed changed);
    ~References();

    // Refused: the API server does not show the operator a role. (What else it refers to it cannot do without, and waits for.)
    enum class State { Unknown, Refused, Absent, Present };

    // What `platform` refers to from now on; the watches of others end once no platform refers to them.
    void set(const kube::Key& platform, const std::set<Reference>& references);
    State state(const Reference& to) const;
    // The chain in PEM of a Secret that is there, of Use::Certificate; null: it is not, or that is not known.
    const std::string* chain(const kube::Key& secret) const;
    void stop();

private:
    struct Watched;

    boost::asio::io_context& io_;
    client::Client& client_;
    base::Log log_;
    Changed changed_;
    std::map<kube::Key, std::set<Reference>> wanted_;  // By platform.
    std::map<Reference, std::shared_ptr<Watched>> watched_;
};

}  // namespace reconcile
