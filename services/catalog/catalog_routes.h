// The catalogue over HTTP.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog_store.h"
#include "catalog/history_recorder.h"
#include "catalog/product_cache.h"
#include "common/http/router.h"
#include "common/rest/rest_client.h"
#include "common/service/configuration.h"

namespace prometheus {
class Registry;
}

namespace catalog {

class Routes {
public:
    struct Parts {
        Store& store;
        ProductCache& cache;
        HistoryRecorder& history;
        rest::Client& users;
        http::WorkerPool& workers;
        std::function<service::Settings()> settings;
        std::function<void()> ring;  // There is an event to be published.
    };
    Routes(Parts parts, prometheus::Registry& registry);

    void add_to(http::Router& router);

private:
    using Kept = std::shared_ptr<const http::Call>;

    static boost::asio::awaitable<http::Response> product(Routes* self, Kept call);
    http::Response shown(const http::Call& call, const ProductCache::Entry& entry);

    http::Response products(const http::Call& call);
    http::Response categories(const http::Call& call);
    http::Response search(const http::Call& call);
    http::Response recommendations(const http::Call& call);
    http::Response history(const http::Call& call);
    http::Response prices(const http::Call& call);
    http::Response add(const http::Call& call);
    http::Response replace(const http::Call& call);

    // What the user service says; null where it is away or has nothing.
    nlohmann::json ask_users(const http::Call& call, const std::string& user, const std::string& what);

    Parts parts_;
    prometheus::Family<prometheus::Counter>& searches_;
    prometheus::Family<prometheus::Counter>& recommended_;
};

}  // namespace catalog
