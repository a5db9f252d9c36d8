// Publishes what is in the outbox.
#include "common/data/outbox_relay.h"

#include <prometheus/registry.h>

#include <algorithm>
#include <exception>

namespace data {

namespace {

// The first 8 bytes of the SHA-256 of "ecommerce outbox".
constexpr auto kRelayLock = "4342998308553340153";
constexpr base::Duration kConfirmPatience{
    10'000};  // A quorum queue confirms within milliseconds; a leader election takes seconds.
constexpr base::Duration kPassTime{20'000};
constexpr base::Duration kBusyWait{20};  // Another replica's pass may have begun before what was rung for was there.
constexpr base::Duration kMeasureInterval{5'000};
constexpr base::Duration kCleaningInterval{3'600'000};
constexpr int kMeasured = 10'000;  // Counting more would take longer than it tells.
constexpr auto kKept = "30 days";  // How late an event may come a second time, from dead letters that were put back for example.
constexpr int kCleanedAtOnce = 10'000;
constexpr base::BackoffPolicy kReconnect{base::Duration{100}, base::Duration{5'000}, base::Jitter::Equal};
constexpr base::BackoffPolicy kUnheardBackoff{base::Duration{500}, base::Duration{30'000}, base::Jitter::Equal};
constexpr base::BackoffPolicy kDatabaseBackoff{base::Duration{100}, base::Duration{2'000}, base::Jitter::Equal};

// A literal of array type, of elements that need no quotes: numbers, and types as put() accepts them.
std::string array_of(const std::vector<std::string>& elements) {
    std::string text = "{";
    for (const std::string& element : elements) text += (text.size() == 1 ? "" : ",") + element;
    return text + "}";
}

}  // namespace

// Says that a connection is there, and, before that is no more, that it is not.
class OutboxRelay::Attached {
public:
    Attached(OutboxRelay& relay, AmqpConnection& broker) : relay_(relay) { relay_.attach(&broker); }
    ~Attached() { relay_.attach(nullptr); }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    OutboxRelay& relay_;
};

OutboxRelay::OutboxRelay(const Messages::Options& options, Database& database, std::shared_ptr<base::Tracer> tracer,
                         base::Log log, prometheus::Registry& registry)
    : options_(options),
      database_(database),
      tracer_(std::move(tracer)),
      log_(std::move(log)),
      published_(prometheus::BuildCounter()
                     .Name("messages_published_total")
                     .Help("Events published: confirmed, unheard (no queue is bound) or refused by the broker.")
                     .Register(registry)),
      events_(prometheus::BuildGauge()
                  .Name("outbox_events")
                  .Help("Events that wait to be published, at most 10000.")
                  .Register(registry)
                  .Add({})),
      oldest_(prometheus::BuildGauge()
                  .Name("outbox_oldest_seconds")
                  .Help("Age of the oldest event that waits to be published.")
                  .Register(registry)
                  .Add({})) {}

OutboxRelay::~OutboxRelay() {
    stop(std::chrono::steady_clock::now());
}

void OutboxRelay::start(std::function<void()> connection_changed) {
    connection_changed_ = std::move(connection_changed);
    thread_ = std::thread([this] { run(); });
}

void OutboxRelay::ring() {
    {
        const std::lock_guard lock(mutex_);
        is_rung_ = true;
    }
    wake_.notify_one();
}

void OutboxRelay::stop(Time until) {
    {
        std::unique_lock lock(mutex_);
        is_stopping_ = true;
        is_rung_ = true;
        until_ = until;
        wake_.notify_all();
        if (thread_.joinable()) wake_.wait_until(lock, until, [this] { return has_ended_; });
        if (connection_ != nullptr) connection_->cut();
    }
    if (thread_.joinable()) thread_.join();
}

void OutboxRelay::run() {
    base::Backoff backoff(kReconnect, base::system_random());
    while (!must_end(false)) {
        try {
            connect_and_relay(backoff);
            break;
        } catch (const std::exception& error) {
            const base::Duration delay = backoff.next();
            log_.warn("can't publish events", {{"error", error.what()}, {"retry_in_ms", delay.count()}});
            keep_house();
            pause(delay);
        }
    }
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    wake_.notify_all();
}

void OutboxRelay::connect_and_relay(base::Backoff& backoff) {
    AmqpConnection broker(options_.url(), options_.service + " outbox");
    broker.declare_exchange(std::string(kExchange), "topic");
    broker.confirm_publishing();
    backoff.reset();
    const Attached attached(*this, broker);
    relay(broker);
    broker.close();
}

void OutboxRelay::relay(AmqpConnection& broker) {
    base::Backoff failures(kDatabaseBackoff, base::system_random());
    bool is_rung = true;
    while (true) {
        broker.keep_alive();
        Pass result = Pass::Done;
        base::Duration delay = options_.poll;
        const bool is_last = is_stopping();  // One that began before may have missed what was put since.
        try {
            if (is_rung || has_work()) result = pass(broker);
            if (result == Pass::Busy) delay = kBusyWait;
            keep_house();
            failures.reset();
        } catch (const AmqpError&) {
            throw;
        } catch (const std::exception& error) {
            result = Pass::Busy;
            delay = failures.next();
            log_.warn("can't read the outbox", {{"error", error.what()}, {"retry_in_ms", delay.count()}});
        }
        if (must_end(is_last && result == Pass::Done)) return;
        if (result == Pass::Busy) pause(delay);
        is_rung = result != Pass::Done || wait_for_ring(delay);
    }
}

bool OutboxRelay::has_work() {
    return !database_.query_text(pass_deadline(), "SELECT 1 FROM outbox WHERE type <> ALL($1::text[]) LIMIT 1", withheld_types())
                .empty();
}

OutboxRelay::Pass OutboxRelay::pass(AmqpConnection& broker) {
    return database_.transact(pass_deadline(), [&](Database::Work& work) {
        const pqxx::row lock = work.exec1(std::string("SELECT pg_try_advisory_xact_lock(") + kRelayLock + ")");
        if (!lock[0].as<bool>()) return Pass::Busy;
        const std::vector<Row> rows = waiting(work);
        if (rows.empty()) return Pass::Done;
        bool refused = false;
        const std::vector<std::string> done = publish(broker, rows, refused);
        if (!done.empty()) work.exec_params("DELETE FROM outbox WHERE position = ANY($1::bigint[])", array_of(done));
        if (refused) return Pass::Busy;
        return rows.size() == options_.batch ? Pass::More : Pass::Done;
    });
}

std::vector<OutboxRelay::Row> OutboxRelay::waiting(Database::Work& work) const {
    const pqxx::result found = work.exec_params(
        "SELECT position, id, type, payload, traceparent FROM outbox WHERE type <> ALL($1::text[]) ORDER BY position LIMIT $2",
        withheld_types(), options_.batch);
    std::vector<Row> rows;
    for (const pqxx::row& row : found) {
        rows.push_back(
            {row[0].as<std::string>(),
             {row[1].as<std::string>(), row[2].as<std::string>(), row[4].as<std::string>(), row[3].as<std::string>()}});
    }
    return rows;
}

// The positions of those that are done with.
std::vector<std::string> OutboxRelay::publish(AmqpConnection& broker, const std::vector<Row>& rows, bool& refused) {
    std::vector<base::Span> spans;
    for (const Row& row : rows) {
        AmqpMessage message = row.message;
        if (tracer_) {
            spans.push_back(tracer_->start("publish " + message.type, base::SpanKind::Producer,
                                           base::trace_context_from(message.traceparent)));
            spans.back().set("messaging.system", "rabbitmq");
            spans.back().set("messaging.destination.name", std::string(kExchange));
            spans.back().set("messaging.message.id", message.id);
            message.traceparent = base::traceparent(spans.back().context());
        }
        broker.publish(std::string(kExchange), message);
    }
    const std::vector<AmqpConnection::Answer> answers = broker.answers(kConfirmPatience);
    std::vector<std::string> done;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (is_done_with(rows[i], answers[i])) done.push_back(rows[i].position);
        refused = refused || answers[i] == AmqpConnection::Answer::Refused;
    }
    return done;
}

bool OutboxRelay::is_done_with(const Row& row, AmqpConnection::Answer answer) {
    const std::string& type = row.message.type;
    switch (answer) {
        case AmqpConnection::Answer::Taken:
            unheard_.erase(type);
            count(type, "confirmed");
            return true;
        case AmqpConnection::Answer::Refused:
            count(type, "refused");
            return false;
        case AmqpConnection::Answer::Unroutable:
            break;
    }
    count(type, "unheard");
    const auto& may = options_.may_go_unheard;
    if (std::find(may.begin(), may.end(), type) != may.end()) return true;
    Unheard& unheard = unheard_.try_emplace(type, Unheard{{kUnheardBackoff, base::system_random()}, {}}).first->second;
    const Time now = std::chrono::steady_clock::now();
    if (unheard.not_before > now) return false;  // Another one of this batch.
    unheard.not_before = now + unheard.backoff.next();
    log_.warn("no queue takes this event; it waits in the outbox", {{"event", type}, {"tries", unheard.backoff.failures()}});
    return false;
}

std::string OutboxRelay::withheld_types() const {
    std::vector<std::string> types;
    const Time now = std::chrono::steady_clock::now();
    for (const auto& [type, unheard] : unheard_) {
        if (unheard.not_before > now) types.push_back(type);
    }
    return array_of(types);
}

void OutboxRelay::count(const std::string& type, const char* outcome) {
    published_.Add({{"event", type}, {"outcome", outcome}}).Increment();
}

// Measures, and forgets what the inbox needs no longer. Nothing depends on either.
void OutboxRelay::keep_house() {
    const Time now = std::chrono::steady_clock::now();
    if (now < next_measure_) return;
    next_measure_ = now + kMeasureInterval;
    try {
        const base::Deadline deadline = base::Deadline::in(base::Duration{2'000});
        const pqxx::result measured =
            database_.query_text(deadline,
                                 "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8"
                                 " FROM (SELECT created_at FROM outbox ORDER BY position LIMIT $1) AS waiting",
                                 kMeasured);
        events_.Set(measured[0][0].as<double>());
        oldest_.Set(measured[0][1].as<double>());
        if (now < next_cleaning_) return;
        next_cleaning_ = now + kCleaningInterval;
        database_.query_text(deadline,
                             "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE taken_at < now() - $1::interval LIMIT $2 "
                             "FOR UPDATE SKIP LOCKED)",
                             kKept, kCleanedAtOnce);
    } catch (const std::exception& error) {
        log_.debug("can't measure the outbox", {{"error", error.what()}});
    }
}

void OutboxRelay::attach(AmqpConnection* connection) {
    {
        const std::lock_guard lock(mutex_);
        connection_ = connection;
        is_connected_ = connection != nullptr;
    }
    connection_changed_();
}

base::Deadline OutboxRelay::pass_deadline() const {
    const std::lock_guard lock(mutex_);
    const base::Deadline usual = base::Deadline::in(kPassTime);
    if (!is_stopping_) return usual;
    return usual.at_most(std::chrono::ceil<base::Duration>(until_ - std::chrono::steady_clock::now()));
}

bool OutboxRelay::is_stopping() const {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
}

bool OutboxRelay::must_end(bool nothing_left) const {
    const std::lock_guard lock(mutex_);
    return is_stopping_ && (nothing_left || std::chrono::steady_clock::now() >= until_);
}

void OutboxRelay::pause(base::Duration duration) {
    std::unique_lock lock(mutex_);
    const Time end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < std::min(end, until_)) wake_.wait_until(lock, std::min(end, until_));
}

bool OutboxRelay::wait_for_ring(base::Duration duration) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, duration, [this] { return is_rung_; });
    return std::exchange(is_rung_, false);
}

}  // namespace data
