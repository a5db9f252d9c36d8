// The provider's HTTP API over its books, journal and faults.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "common/http/router.h"
#include "simulator/books.h"
#include "simulator/faults.h"
#include "simulator/journal.h"

namespace prometheus {
template <typename T>
class Family;
class Counter;
class Registry;
}  // namespace prometheus

namespace simulator {

class Routes {
public:
    // Replays the journal; throws what it throws. `registry` receives provider_operations_total{operation,outcome}.
    Routes(const std::string& journal, base::Log log, prometheus::Registry& registry);

    void add_to(http::Router& router);
    bool broken() const { return journal_.broken(); }

private:
    http::Response authorize(const http::Call& call);
    http::Response change(const http::Call& call, const std::string& operation);
    http::Response by_reference(const http::Call& call);
    http::Response ledger(const http::Call& call);
    http::Response set_faults(const http::Call& call);

    // Decides under the lock, keeps what took effect, and answers when it is on the disk. With the faults that are drawn.
    http::Response act(const http::Call& call, const std::function<Decision(const Books&)>& decide);
    http::Response answer(const Decision& decision) const;

    base::Log log_;
    prometheus::Family<prometheus::Counter>& operations_;
    mutable std::mutex mutex_;  // Of the books, and of the order of the journal.
    Books books_;
    Journal journal_;
    Faults faults_;
};

}  // namespace simulator
