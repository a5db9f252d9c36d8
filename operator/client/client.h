// The Kubernetes API server as awaitable calls: verbs, watch streams, errors.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/awaitable.h"
#include "client/config.h"
#include "client/errors.h"
#include "client/limits.h"
#include "client/watch_stream.h"
#include "kube/object.h"

namespace prometheus {
class Registry;
}

namespace client {

// What of an object is asked for. Metadata: a PartialObjectMetadata, without spec, status or data.
enum class Part { Whole, Metadata };

struct Selection {
    std::string ns;              // Empty: all namespaces.
    std::string label_selector;  // "ecommerceplatform.io/platform"
    std::string field_selector;  // "metadata.name=shop"
    Part part = Part::Whole;
};

struct ListPage {
    std::vector<kube::Json> items;  // Without apiVersion and kind where the API server leaves them out of list items.
    std::string resource_version;
    std::string continue_token;  // Empty: this was the last page.
};

enum class DryRun { No, Yes };
enum class Propagation { Background, Foreground, Orphan };

// Every verb throws ApiError when the API server refuses, ConnectionError when it can't be reached or its answer can't be read,
// and std::runtime_error when our credentials can't be had. Messages begin with "VERB Kind ns/name". Lives on one loop, one
// thread. Connections are kept alive and reused; a request on a reused connection that the server had closed is sent once more on
// a new one. Each request has a time limit. A watch has a connection of its own. Arguments are read before a verb returns its
// awaitable, which therefore holds no reference to them.
class Client {
public:
    // `registry` receives rest_client_requests_total{code,method,host} and rest_client_request_duration_seconds{verb,host}; it
    // may be null and must outlive the client. Throws std::runtime_error where the configuration's certificates can't be used.
    Client(boost::asio::io_context& io, Config config, prometheus::Registry* registry, Limits limits = {});
    // Closes. Coroutines that still wait in a call end with an error at the loop's next turn.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    awaitable<std::optional<kube::Json>> get(kube::Kind kind, const kube::Key& key, Part part = Part::Whole);  // Nothing: 404.
    awaitable<kube::Json> create(kube::Kind kind, const kube::Json& object);
    // PUT; conflicts by its resourceVersion.
    awaitable<kube::Json> replace(kube::Kind kind, const kube::Json& object, DryRun dry_run = DryRun::No);
    // Server-side apply with force and strict field validation. `subresource` is empty or "status".
    awaitable<kube::Json> apply(kube::Kind kind, const kube::Json& object, const std::string& field_manager,
                                const std::string& subresource = "", DryRun dry_run = DryRun::No);
    awaitable<kube::Json> merge_patch(kube::Kind kind, const kube::Key& key, const kube::Json& patch,
                                      const std::string& subresource = "");
    // False: it was gone already, or, with a uid, only another incarnation was there.
    awaitable<bool> remove(kube::Kind kind, const kube::Key& key, std::string uid = "",
                           Propagation propagation = Propagation::Background);

    awaitable<ListPage> list(kube::Kind kind, const Selection& selection, const std::string& continue_token = "",
                             int limit = 500);
    // From `resource_version`; or, where that is empty, streaming: the present objects as Added events, then a Bookmark whose
    // metadata.annotations has "k8s.io/initial-events-end", then changes (ApiError 400 or 422 where the server can't).
    awaitable<std::unique_ptr<WatchStream>> watch(kube::Kind kind, const Selection& selection,
                                                  const std::string& resource_version);

    // Receives what the API server warns of (deprecated versions, unknown fields …): "VERB Kind ns/name: text". It may repeat
    // itself.
    void set_warning_handler(std::function<void(std::string)> handler);

    // Ends every open request and stream with an error, so that their coroutines finish.
    void close();

private:
    std::shared_ptr<class Transport> transport_;  // Shared with the coroutines of open calls.
};

}  // namespace client
