// Reads what the gateways' pods count, or asks a Prometheus that does, and so knows how their platforms answered of late.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "quality/observed.h"
#include "quality/traffic.h"
#include "reconcile/known_platform.h"
#include "reconcile/surroundings.h"

namespace reconcile {

class Measurements {
public:
    using Changed = std::function<void(const kube::Key& platform)>;
    using PodsOf = std::function<std::vector<MetricsOf>(const kube::Key& platform)>;
    using IsAvailable = std::function<bool(const kube::Key& platform, std::string_view service)>;

    // Half of the 10 s within which a verdict follows what it is about.
    static constexpr base::Duration kPause{5'000};

    // All outlive this. `pods_of` tells the gateway's pods; null where neither they nor the platforms' own Prometheus can be
    // reached, as from outside the cluster. `is_available` tells whether a service has a pod that is. `changed` hears of a
    // platform of which something else is to be said.
    Measurements(boost::asio::io_context& io, const Platforms& platforms, PodsOf pods_of, IsAvailable is_available,
                 const base::Clock& clock, Changed changed);

    // Nothing where the platform's requests are not measured.
    std::optional<quality::Measured> of(const api::Platform& platform) const;

    // Looks once at every platform that is measured.
    boost::asio::awaitable<void> look();
    // Looks again and again, until stop().
    boost::asio::awaitable<void> run();
    void stop();

private:
    struct Known {
        quality::Traffic traffic;
        quality::Measured measured;
        api::Objectives objectives;  // By which it was.
        // The services that the Prometheus does not read, and "" where it lacks alerts, since when.
        std::map<std::string, base::SteadyTime> lacks{};
    };

    bool measures(const KnownPlatform& known) const;
    boost::asio::awaitable<void> look_at(kube::Key platform);
    void have_patience(const kube::Key& platform, quality::Scraping& scraping);
    boost::asio::awaitable<quality::Measured> count(kube::Key platform, api::Objectives objectives);

    boost::asio::io_context& io_;
    const Platforms& platforms_;
    PodsOf pods_of_;
    IsAvailable is_available_;
    const base::Clock& clock_;
    Changed changed_;
    std::map<kube::Key, Known> known_;
    boost::asio::steady_timer pause_{io_};
    bool stopping_ = false;
};

}  // namespace reconcile
