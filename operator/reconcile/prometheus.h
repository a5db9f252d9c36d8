// Questions to a Prometheus at "http://HOST:PORT". What goes wrong is told in the answers, as a problem in words.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/platform.h"
#include "kube/object.h"
#include "quality/observed.h"
#include "resources/objectives.h"

namespace reconcile {

std::string in_words(const std::exception& error);

// How the gateway answered.
boost::asio::awaitable<quality::Measured> ask_for_requests(std::string url, resources::Ratios ratios, api::Objectives objectives);

// Whether the gateway's last spans were taken; nothing where it does not tell of any.
boost::asio::awaitable<std::optional<bool>> ask_for_spans(std::string url, resources::Spans spans);

// What there is to be read of a platform, and its alerts.
struct ToBeRead {
    kube::Key platform;
    std::string expression;           // resources::services_read
    std::vector<std::string> alerts;  // resources::alerts
};
boost::asio::awaitable<quality::Scraping> ask_for_scraping(std::string url, ToBeRead wanted);

}  // namespace reconcile
