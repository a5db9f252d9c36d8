// Brings one platform to its declared state: gather, desired, apply, prune, observe, assess, status.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "quality/verdict.h"
#include "reconcile/applier.h"
#include "reconcile/certificate.h"
#include "reconcile/children.h"
#include "reconcile/job_watch.h"
#include "reconcile/known_platform.h"
#include "reconcile/observation.h"
#include "reconcile/references.h"
#include "reconcile/root_key_keeper.h"
#include "reconcile/standstill.h"
#include "reconcile/surroundings.h"
#include "resources/desired.h"
#include "resources/order.h"
#include "runtime/controller.h"

namespace reconcile {

// A Kubernetes Event about a platform.
struct Notice {
    bool warning = false;
    std::string reason;
    std::string action;
    std::string note;
};

class PlatformReconciler {
public:
    using Publish = std::function<void(const api::Platform&, const Notice&)>;

    // What it works with; all outlive it. `capabilities` may change between reconciles.
    struct Parts {
        client::Client& client;
        Platforms& platforms;
        Children& children;
        References& references;
        const Surroundings& surroundings;
        const Measurements& measurements;
        const resources::Capabilities& capabilities;
        const base::Clock& clock;
        base::Log log;
        Publish publish;
        Applier::Written written;
    };

    explicit PlatformReconciler(Parts parts);

    boost::asio::awaitable<runtime::Action> reconcile(kube::Key key);

private:
    using Platform = api::Platform;

    struct Everything {
        kube::Objects objects;             // That the platform must have, the generated Secrets first.
        resources::SecretDigests digests;  // Of those Secrets,
        CredentialAge age;                 // and theirs.
    };

    boost::asio::awaitable<runtime::Action> wait_for_sight(Platform platform);
    boost::asio::awaitable<runtime::Action> look_on(Platform platform);
    boost::asio::awaitable<runtime::Action> bring_about(Platform platform);
    boost::asio::awaitable<runtime::Action> clean_up(KnownPlatform known);
    boost::asio::awaitable<void> settle_volumes(Platform platform);
    boost::asio::awaitable<void> set_finalizer(Platform platform, bool wanted);
    boost::asio::awaitable<void> report(Platform platform, quality::Verdict verdict);
    boost::asio::awaitable<std::optional<base::WallTime>> judge(Platform platform, Everything wanted, kube::Objects due,
                                                                Refused refused);
    resources::Progress progress(const Platform& platform, const kube::Objects& wanted) const;
    boost::asio::awaitable<Everything> everything(Platform platform);
    boost::asio::awaitable<std::optional<base::WallTime>> rotate(Platform platform, Everything wanted);
    std::optional<base::WallTime> ahead(const std::optional<base::WallTime>& time) const;
    runtime::Action again(const Platform& platform, std::optional<base::WallTime> time) const;
    bool is_steady(const Platform& platform, const kube::Objects& wanted) const;
    Sources sources() const;
    void announce(const Platform& platform, const quality::Verdict& verdict) const;
    void announce_attribute(const Platform& platform, const quality::Condition& condition) const;

    Parts parts_;
    Applier applier_;
    RootKeyKeeper root_keys_;
    JobWatch jobs_;
    Standstill standstill_;
};

}  // namespace reconcile
