#include "client/client.h"

#include <chrono>
#include <random>
#include <utility>

#include "client/open_watch.h"
#include "client/transport.h"
#include "client/url.h"

namespace client {

namespace {

using kube::Json;
using TransportPtr = std::shared_ptr<Transport>;

constexpr const char* kJson = "application/json";
constexpr const char* kApplyPatch = "application/apply-patch+yaml";  // YAML's subset, JSON, is what we send.
constexpr const char* kMergePatch = "application/merge-patch+json";

const char* accept(Part part, bool list) {
    if (part == Part::Whole) return kJson;
    return list ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
                : "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
}

const char* text(Propagation propagation) {
    switch (propagation) {
        case Propagation::Foreground:
            return "Foreground";
        case Propagation::Orphan:
            return "Orphan";
        case Propagation::Background:
            break;
    }
    return "Background";
}

std::string call_name(const char* verb, const kube::Kind& kind, const kube::Key& key) {
    const std::string object = kube::to_string(key);
    return std::string(verb) + " " + std::string(kind.name) + (object.empty() ? "" : " " + object);
}

std::string call_name(const char* verb, const kube::Kind& kind, const std::string& ns) {
    return std::string(verb) + " " + std::string(kind.name) + (ns.empty() ? "" : " in " + ns);
}

// Names come from objects, which may hold anything: encoded, they can't leave their place in the path.
Target collection(const kube::Kind& kind, const std::string& ns) {
    return Target(kind.path(percent_encode(ns)));
}

Target item(const kube::Kind& kind, const kube::Key& key, const std::string& subresource = "") {
    if (key.name.empty()) throw std::invalid_argument(std::string(kind.name) + " without a name");
    return collection(kind, key.ns).segment(key.name).segment(subresource);
}

Json parsed(const std::string& call, const std::string& body) {
    Json json = Json::parse(body, nullptr, false);
    if (!json.is_object()) throw ConnectionError(call + ": the answer is no JSON object", ConnectionError::Cause::Malformed);
    return json;
}

// Sends and parses. Owns all that it uses, as every coroutine here does: the client may go while it waits.
awaitable<Json> send(TransportPtr transport, Call call) {
    const std::string name = call.name;
    const std::string body = co_await transport->perform(std::move(call));
    co_return parsed(name, body);
}

awaitable<std::optional<Json>> send_get(TransportPtr transport, Call call) {
    try {
        co_return co_await send(transport, std::move(call));
    } catch (const ApiError& error) {
        if (error.code() != 404) throw;
    }
    co_return std::nullopt;
}

// What the API server says to the call, if it says no.
awaitable<std::optional<ApiError>> refusal(TransportPtr transport, Call call) {
    std::optional<ApiError> said;
    try {
        co_await transport->perform(std::move(call));
    } catch (const ApiError& error) {
        said = error;
    }
    co_return said;
}

// After a conflict, `look` tells whether the incarnation with that uid is still what is there.
awaitable<bool> send_delete(TransportPtr transport, Call call, std::string uid, Call look) {
    const std::optional<ApiError> refused = co_await refusal(transport, std::move(call));
    if (!refused) co_return true;
    if (refused->code() == 404) co_return false;
    if (refused->code() != 409 || uid.empty()) throw ApiError(*refused);
    const std::optional<Json> present = co_await send_get(transport, std::move(look));
    if (present && kube::string_at(*present, {"metadata", "uid"}) == uid) throw ApiError(*refused);
    co_return false;
}

awaitable<ListPage> send_list(TransportPtr transport, Call call) {
    Json list = co_await send(transport, std::move(call));
    ListPage page;
    page.resource_version = kube::string_at(list, {"metadata", "resourceVersion"});
    page.continue_token = kube::string_at(list, {"metadata", "continue"});
    const auto items = list.find("items");
    if (items != list.end() && items->is_array()) page.items = std::move(items->get_ref<Json::array_t&>());
    co_return page;
}

awaitable<std::unique_ptr<WatchStream>> send_watch(TransportPtr transport, Call call, std::chrono::seconds server_limit) {
    const std::string name = call.name;
    const auto deadline = std::chrono::steady_clock::now() + server_limit + transport->limits().watch_grace;
    const ConnectionPtr connection = co_await transport->open_stream(std::move(call), deadline);
    co_return std::make_unique<OpenWatch>(name, connection, transport->limits(), deadline);
}

}  // namespace

Client::Client(boost::asio::io_context& io, Config config, prometheus::Registry* registry, Limits limits)
    : transport_(std::make_shared<Transport>(io, std::move(config), limits, registry)) {}

Client::~Client() {
    close();
}

awaitable<std::optional<Json>> Client::get(kube::Kind kind, const kube::Key& key, Part part) {
    return send_get(transport_, {call_name("get", kind, key), "GET", item(kind, key).text(), accept(part, false)});
}

awaitable<Json> Client::create(kube::Kind kind, const Json& object) {
    const kube::Key key = kube::key_of(object);
    Target target = collection(kind, key.ns);
    target.query("fieldValidation", "Strict");
    Call call{call_name("create", kind, key), "POST", target.text(), kJson, kJson, object.dump()};
    call.repeatable = !key.name.empty();  // With a generated name there would be two of it.
    return send(transport_, std::move(call));
}

awaitable<Json> Client::replace(kube::Kind kind, const Json& object, DryRun dry_run) {
    const kube::Key key = kube::key_of(object);
    Target target = item(kind, key);
    target.query("fieldValidation", "Strict").query("dryRun", dry_run == DryRun::Yes ? "All" : "");
    return send(transport_, {call_name("replace", kind, key), "PUT", target.text(), kJson, kJson, object.dump()});
}

awaitable<Json> Client::apply(kube::Kind kind, const Json& object, const std::string& field_manager,
                              const std::string& subresource, DryRun dry_run) {
    const kube::Key key = kube::key_of(object);
    Target target = item(kind, key, subresource);
    target.query("fieldManager", field_manager).query("force", "true").query("fieldValidation", "Strict");
    target.query("dryRun", dry_run == DryRun::Yes ? "All" : "");
    return send(transport_, {call_name("apply", kind, key), "PATCH", target.text(), kJson, kApplyPatch, object.dump()});
}

awaitable<Json> Client::merge_patch(kube::Kind kind, const kube::Key& key, const Json& patch, const std::string& subresource) {
    Target target = item(kind, key, subresource);
    target.query("fieldValidation", "Strict");
    return send(transport_, {call_name("patch", kind, key), "PATCH", target.text(), kJson, kMergePatch, patch.dump()});
}

awaitable<bool> Client::remove(kube::Kind kind, const kube::Key& key, std::string uid, Propagation propagation) {
    Json options = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", text(propagation)}};
    if (!uid.empty()) options["preconditions"] = {{"uid", uid}};
    const Target target = item(kind, key);
    Call call{call_name("delete", kind, key), "DELETE", target.text(), kJson, kJson, options.dump()};
    Call look{call.name, "GET", target.text(), accept(Part::Metadata, false)};
    return send_delete(transport_, std::move(call), std::move(uid), std::move(look));
}

awaitable<ListPage> Client::list(kube::Kind kind, const Selection& selection, const std::string& continue_token, int limit) {
    Target target = collection(kind, selection.ns);
    target.query("labelSelector", selection.label_selector).query("fieldSelector", selection.field_selector);
    target.query("limit", limit > 0 ? std::to_string(limit) : "").query("continue", continue_token);
    Call call{call_name("list", kind, selection.ns), "GET", target.text(), accept(selection.part, true)};
    call.body_limit = transport_->limits().list_body;
    return send_list(transport_, std::move(call));
}

awaitable<std::unique_ptr<WatchStream>> Client::watch(kube::Kind kind, const Selection& selection,
                                                      const std::string& resource_version) {
    // A tenth of jitter, so that the streams that began together don't end together.
    static thread_local std::minstd_rand random{std::random_device{}()};
    const auto base = transport_->limits().watch;
    std::uniform_int_distribution<long> jitter{0, static_cast<long>(base.count() / 10)};
    const std::chrono::seconds server_limit = base + std::chrono::seconds{jitter(random)};

    Target target = collection(kind, selection.ns);
    target.query("watch", "true")
        .query("allowWatchBookmarks", "true")
        .query("timeoutSeconds", std::to_string(server_limit.count()));
    target.query("labelSelector", selection.label_selector).query("fieldSelector", selection.field_selector);
    if (resource_version.empty()) {
        target.query("sendInitialEvents", "true").query("resourceVersionMatch", "NotOlderThan");
    } else {
        target.query("resourceVersion", resource_version);
    }
    Call call{call_name("watch", kind, selection.ns), "GET", target.text(), accept(selection.part, false)};
    return send_watch(transport_, std::move(call), server_limit);
}

void Client::set_warning_handler(std::function<void(std::string)> handler) {
    transport_->set_warning_handler(std::move(handler));
}

void Client::close() {
    transport_->close();
}

}  // namespace client
