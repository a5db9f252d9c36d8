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
#include "reconcile/credential_age.h"
#include "reconcile/credentials.h"
#include "resources/desired.h"

namespace reconcile {

class RootKeyKeeper {
public:
    RootKeyKeeper(client::Client& client, const Children& children, Applier& applier, const base::Clock& clock);

    struct Secrets {
        kube::Objects objects;  // What is to be applied and kept; those that match have empty values.
        resources::SecretDigests digests;
        CredentialAge age;
    };

    // Reads the root key only when a Secret has to be written, makes one only when there is none: someone may have brought it.
    // Throws BadRootKey where what there is is none, MissingRootKey where there is none and the spec says that someone brings it,
    // or data stores were made with one: no other opens them. `created`: when the platform was, RFC 3339.
    boost::asio::awaitable<Secrets> gather(api::Platform platform, std::string created);

    // One of its Secrets is there.
    bool holds_key(const api::Platform& platform) const;

    // Writes down the credentials' age, by which gather() makes the Secrets from then on. Throws where it is refused.
    boost::asio::awaitable<void> write(api::Platform platform, CredentialAge age);

private:
    struct Found {
        RootKey root;
        std::optional<CredentialAge> age;
    };
    boost::asio::awaitable<std::optional<Found>> read(api::Platform platform);
    boost::asio::awaitable<bool> was_used(api::Platform platform, std::string created);

    client::Client& client_;
    const Children& children_;
    Applier& applier_;
    const base::Clock& clock_;
};

}  // namespace reconcile
