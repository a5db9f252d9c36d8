// Secrets that users made and a platform refers to: whether they are there, by a watch on each (its metadata alone).
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

class References {
public:
    using Changed = std::function<void(const kube::Key& platform)>;

    // `changed` hears when a Secret that a platform refers to comes or goes, or is first known about.
    References(boost::asio::io_context& io, client::Client& client, base::Log log, Changed changed);
    ~References();

    enum class State { Unknown, Absent, Present };

    // The Secrets that `platform` refers to from now on; the watches of others end once no platform refers to them.
    void set(const kube::Key& platform, const std::set<kube::Key>& secrets);
    State state(const kube::Key& secret) const;
    void stop();

private:
    struct Watched;

    boost::asio::io_context& io_;
    client::Client& client_;
    base::Log log_;
    Changed changed_;
    std::map<kube::Key, std::set<kube::Key>> wanted_;  // By platform.
    std::map<kube::Key, std::shared_ptr<Watched>> watched_;
};

}  // namespace reconcile
