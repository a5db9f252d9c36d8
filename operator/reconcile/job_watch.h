// The Jobs that something waits for, and why one has failed or does not begin.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "common/base/clock.h"
#include "kube/object.h"
#include "quality/verdict.h"
#include "reconcile/children.h"
#include "reconcile/surroundings.h"

namespace reconcile {

class JobWatch {
public:
    JobWatch(client::Client& client, const Children& children, const Surroundings& surroundings)
        : client_(client), children_(children), surroundings_(surroundings) {}

    // Of the Jobs among `wanted` that prepare a database those that are not complete.
    boost::asio::awaitable<std::vector<quality::Preparation>> preparations(kube::Objects wanted, base::WallTime now);

    // Of the one that verifies a rollout, where there is one.
    boost::asio::awaitable<std::optional<quality::Verification>> verification(kube::Objects wanted, base::WallTime now);

private:
    // In its own last words; of one that has not failed, why its pod does not come up.
    boost::asio::awaitable<Trouble> why_not_complete(kube::Key job, base::WallTime now);
    boost::asio::awaitable<std::string> last_words(kube::Key job, std::string uid);

    client::Client& client_;
    const Children& children_;
    const Surroundings& surroundings_;
    std::map<std::string, std::string> last_words_;  // By uid of a Job that failed, so that its pods are asked for once.
};

}  // namespace reconcile
