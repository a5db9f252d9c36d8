// Brings the objects of a platform to what is wanted, with as few requests as that takes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/platform.h"
#include "client/client.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "kube/object.h"
#include "reconcile/children.h"
#include "reconcile/put_backs.h"

namespace reconcile {

// What a platform keeps; everything else that we applied for it once is to go.
class Kept {
public:
    explicit Kept(const kube::Objects& wanted);
    bool prunes(const kube::Kind& kind, const kube::Key& key, const Child& child) const;

private:
    std::set<std::pair<std::string_view, kube::Key>> keys_;
};

// The API server's words on objects that it refused. Those on the log agent stand apart: in its namespace an administrator
// may give rights or not, and the platform serves without it.
struct Refused {
    std::vector<std::string> objects;
    std::vector<std::string> log_agent;
    // When to try again to put objects back whole, to which others keep adding.
    std::optional<base::Duration> again;
};

class Applier {
public:
    // Called after each write: "create", "update" or "delete", and the kind.
    using Written = std::function<void(std::string_view verb, const kube::Kind& kind)>;

    Applier(client::Client& client, Children& children, const base::Clock& clock, base::Log log, Written written);

    // Whether the live object is `wanted` in every field that we apply, and others added none.
    bool matches(const kube::Object& wanted) const;

    // Whether apply() would have nothing to write.
    bool is_as_declared(const api::Platform& platform, const kube::Object& wanted) const;

    // Applies what does not match; what is refused keeps nothing else from being applied. Throws when the API server can't be
    // reached or fails.
    boost::asio::awaitable<Refused> apply(const api::Platform& platform, kube::Objects wanted);

    // Deletes the platform's objects that we applied once and that are not wanted any more. Throws too when one is refused, but
    // for a log agent.
    boost::asio::awaitable<Refused> prune(const api::Platform& platform, kube::Objects wanted);

    // Deletes one of them. A log agent outside the namespace that the platform names for it, where the operator has no rights
    // either, is left: anybody can give a DaemonSet of theirs a platform's labels.
    boost::asio::awaitable<void> remove(const api::Platform& platform, Children::Found child);

private:
    struct Batch;

    // What the API server made of an object: the digests of what we wanted, of our fields and of those of others.
    struct Form {
        std::uint64_t wanted = 0;
        std::uint64_t ours = 0;
        std::uint64_t foreign = 0;

        friend bool operator==(const Form&, const Form&) = default;
    };

    boost::asio::awaitable<void> apply_one(const api::Platform& platform, kube::Object wanted);
    boost::asio::awaitable<void> bring(kube::Object wanted);
    boost::asio::awaitable<std::uint64_t> replace(kube::Object wanted);
    std::optional<base::Duration> postponed(const kube::Object& wanted) const;
    boost::asio::awaitable<void> set_replicas(api::ServiceSettings settings, kube::Key key, bool is_new);
    bool needs_write(const api::Platform& platform, kube::Object& wanted) const;
    boost::asio::awaitable<void> work_through(std::shared_ptr<Batch> batch);

    client::Client& client_;
    Children& children_;
    base::Log log_;
    Written written_;
    // Objects that the API server keeps in another form than the one we apply (an admission webhook changes them, say): what we
    // wanted, and what came of it. Taken for a match, or each would be applied for ever.
    std::map<ObjectId, Form> rewritten_;
    PutBacks put_backs_;
};

// How many replicas a service's Deployment should be set to; nothing: leave what is there. An autoscaler owns the number while
// there is one, so it is only lifted to the minimum; without one it stays as it was left, within count and max, so that switching
// an autoscaler off never drops pods.
std::optional<std::int64_t> replicas_to_set(const api::ServiceSettings& settings, std::int64_t live, bool is_new);

// Whether an answer of the API server with that status says no to what was asked. A conflict says that somebody else was quicker,
// and 429 that it is too much just now: the same may be taken the next time.
bool is_refusal(int code);

}  // namespace reconcile
