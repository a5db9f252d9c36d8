// What others made and a platform refers to: Secrets, what is in them, and the roles that its RoleBindings give. By a watch on
// each.
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
#include "reconcile/certificate.h"

namespace reconcile {

struct Reference {
    enum class Use { Keys, Certificate, Role };
    kube::Key key;
    Use use = Use::Keys;

    friend auto operator<=>(const Reference&, const Reference&) = default;
};

// What is kept of it; never a secret value.
struct Referred {
    std::set<std::string> keys{};  // Of a Secret's data, those that have a value. Use::Keys.
    TlsPair tls{};                 // Use::Certificate.
    bool has_rules = false;        // Use::Role.

    friend bool operator==(const Referred&, const Referred&) = default;
};
Referred referred_from(Reference::Use use, const kube::Json& object);

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
    const Referred* find(const Reference& to) const;  // Null: it is not there, or that is not known.
    const TlsPair* tls_pair(const kube::Key& secret) const;
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
