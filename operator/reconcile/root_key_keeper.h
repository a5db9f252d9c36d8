// Makes, finds and repairs the root key of a platform, and fills its generated Secrets from it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/platform.h"
#include "client/client.h"
#include "reconcile/applier.h"
#include "reconcile/children.h"
#include "reconcile/credentials.h"
#include "resources/desired.h"

namespace reconcile {

class RootKeyKeeper {
public:
    RootKeyKeeper(client::Client& client, const Children& children, const Applier& applier);

    struct Secrets {
        kube::Objects objects;  // What is to be applied and kept; those that match have empty values.
        resources::SecretDigests digests;
    };

    // Reads the root key only when a Secret has to be written, makes one only when there is none.
    boost::asio::awaitable<Secrets> gather(api::Platform platform);

private:
    boost::asio::awaitable<std::optional<RootKey>> read(api::Platform platform);

    client::Client& client_;
    const Children& children_;
    const Applier& applier_;
};

}  // namespace reconcile
