// The Jobs that something waits for, and why one has failed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <vector>

#include "client/client.h"
#include "kube/object.h"
#include "quality/verdict.h"
#include "reconcile/children.h"

namespace reconcile {

class JobWatch {
public:
    JobWatch(client::Client& client, const Children& children) : client_(client), children_(children) {}

    // Of the Jobs among `wanted` those that are not complete.
    boost::asio::awaitable<std::vector<quality::Preparation>> preparations(kube::Objects wanted);

private:
    boost::asio::awaitable<std::string> last_words(kube::Key job, std::string uid);

    client::Client& client_;
    const Children& children_;
    std::map<std::string, std::string> last_words_;  // By uid of a Job that failed, so that its pods are asked for once.
};

}  // namespace reconcile
