#include "common/base/trace.h"

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <random>

#include "common/base/trace_export.h"

namespace base {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr int kTries = 3;  // Of one batch; the wait doubles between them.
constexpr milliseconds kFirstWait{1'000};
constexpr std::size_t kMaxAttributes = 128;  // The default of OpenTelemetry's SDKs.

// Ids need to be distinct, not secret: SplitMix64, whose state differs by thread.
std::uint64_t random_bits() {
    thread_local std::uint64_t state = [] {
        std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    }();
    state += 0x9e3779b97f4a7c15;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

// Zero is no id.
std::uint64_t random_id() {
    for (;;) {
        const std::uint64_t bits = random_bits();
        if (bits != 0) return bits;
    }
}

std::string hex(std::uint64_t bits) {
    std::string text(16, '0');
    for (std::size_t i = 16; i-- > 0; bits >>= 4) text[i] = "0123456789abcdef"[bits & 15];
    return text;
}

}  // namespace

struct Span::Data {
    EndedSpan span;
    steady_clock::time_point started = steady_clock::now();
};

struct Tracer::Impl {
    Options options;
    prometheus::Counter* dropped = nullptr;
    prometheus::Counter* taken = nullptr;
    prometheus::Counter* refused = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<EndedSpan> queue;
    bool stopping = false;
    bool ended = true;                // No thread runs.
    steady_clock::time_point last{};  // Once stopping: no further send begins after that.
    std::thread thread;

    explicit Impl(Options from) : options(std::move(from)) {
        if (options.registry != nullptr) {
            dropped = &prometheus::BuildCounter()
                           .Name("otel_spans_dropped_total")
                           .Help("Spans that could not be handed on.")
                           .Register(*options.registry)
                           .Add({});
        }
        if (!options.send) return;
        if (options.registry != nullptr) {
            auto& exported = prometheus::BuildCounter()
                                 .Name("otel_sdk_exporter_span_exported_total")
                                 .Help("Spans whose export has ended, with an error_type where they were not taken.")
                                 .Register(*options.registry);
            taken = &exported.Add({});
            refused = &exported.Add({{"error_type", "_OTHER"}});
        }
        options.batch = std::max<std::size_t>(options.batch, 1);
        ended = false;
        thread = std::thread([this] { run(); });
    }

    static void count(prometheus::Counter* counter, std::size_t spans) {
        if (counter != nullptr && spans > 0) counter->Increment(static_cast<double>(spans));
    }

    void count_dropped(std::size_t spans) const { count(dropped, spans); }

    void take(EndedSpan span) {
        {
            const std::lock_guard lock(mutex);
            if (queue.size() >= options.queue || stopping) return count_dropped(1);
            queue.push_back(std::move(span));
            if (queue.size() < options.batch) return;
        }
        changed.notify_all();
    }

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait_for(lock, options.interval, [this] { return stopping || queue.size() >= options.batch; });
            while (!queue.empty() && !late()) deliver(lock);
            if (stopping) break;
        }
        count_dropped(queue.size());
        queue.clear();
        ended = true;
        lock.unlock();
        changed.notify_all();
    }

    bool late() const { return stopping && steady_clock::now() >= last; }

    void deliver(std::unique_lock<std::mutex>& lock) {
        const auto end = queue.begin() + static_cast<std::ptrdiff_t>(std::min(queue.size(), options.batch));
        const std::vector<EndedSpan> batch(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
        queue.erase(queue.begin(), end);
        lock.unlock();
        const std::string body = otlp_request(options.service, options.attributes, batch);
        bool is_taken = send(body);
        lock.lock();
        milliseconds wait = kFirstWait;
        for (int tries = 1; !is_taken && tries < kTries && !stopping; ++tries, wait *= 2) {
            changed.wait_for(lock, wait, [this] { return stopping; });
            if (late()) break;
            lock.unlock();
            is_taken = send(body);
            lock.lock();
        }
        count(is_taken ? taken : refused, batch.size());
        if (!is_taken) count_dropped(batch.size());
    }

    bool send(const std::string& body) const {
        try {
            return options.send(body);
        } catch (...) {  // Whatever it is: nobody but the counter could be told.
            return false;
        }
    }

    // True for the share `ratio` of all trace ids, the same ones in every process.
    bool chosen(std::uint64_t bits) const {
        if (!options.send) return false;
        return static_cast<double>(bits >> 11) * 0x1p-53 < options.ratio;
    }
};

Span::Span() = default;

Span::Span(Span&& other) noexcept
    : context_(std::exchange(other.context_, {})), tracer_(std::move(other.tracer_)), data_(std::move(other.data_)) {}

Span& Span::operator=(Span&& other) noexcept {
    if (this == &other) return *this;
    end();
    context_ = std::exchange(other.context_, {});
    tracer_ = std::move(other.tracer_);
    data_ = std::move(other.data_);
    return *this;
}

Span::~Span() {
    end();
}

void Span::set(std::string_view attribute, nlohmann::json value) {
    if (!data_) return;
    auto& attributes = data_->span.attributes;
    const auto found =
        std::ranges::find(attributes, attribute, [](const auto& entry) -> std::string_view { return entry.first; });
    if (found != attributes.end()) {
        found->second = std::move(value);
    } else if (attributes.size() < kMaxAttributes) {
        attributes.emplace_back(attribute, std::move(value));
    }
}

void Span::rename(std::string_view name) {
    if (data_) data_->span.name = std::string(name);
}

void Span::fail(std::string_view reason) {
    if (data_) data_->span.failure = std::string(reason);
}

void Span::end() {
    if (!data_) return;
    const std::unique_ptr<Data> data = std::move(data_);
    const std::shared_ptr<Tracer> tracer = std::move(tracer_);
    data->span.end_ns = data->span.start_ns + nanoseconds(steady_clock::now() - data->started).count();
    try {
        tracer->impl_->take(std::move(data->span));
    } catch (...) {  // No memory: the span is lost. A destructor can't throw.
        tracer->impl_->count_dropped(1);
    }
}

Tracer::Tracer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

std::shared_ptr<Tracer> Tracer::create(Options options) {
    return std::shared_ptr<Tracer>(new Tracer(std::move(options)));
}

Tracer::~Tracer() {
    stop(milliseconds{0});
    if (impl_->thread.joinable()) impl_->thread.join();
}

Span Tracer::start(std::string_view name, SpanKind kind, const TraceContext& parent) {
    Span span;
    if (parent.valid()) {
        span.context_ = {parent.trace_id, hex(random_id()), parent.sampled};
    } else {
        const std::uint64_t low = random_id();
        span.context_ = {hex(random_bits()) + hex(low), hex(random_id()), impl_->chosen(low)};
    }
    if (!span.context_.sampled || !impl_->options.send) return span;
    span.tracer_ = shared_from_this();
    span.data_ = std::make_unique<Span::Data>();
    EndedSpan& data = span.data_->span;
    data.trace_id = span.context_.trace_id;
    data.span_id = span.context_.span_id;
    data.parent_id = parent.span_id;
    data.name = name;
    data.kind = kind;
    data.start_ns = nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
    return span;
}

void Tracer::stop(milliseconds patience) {
    const steady_clock::time_point until = steady_clock::now() + patience;
    std::unique_lock lock(impl_->mutex);
    if (!impl_->stopping) impl_->last = until;
    impl_->stopping = true;
    impl_->changed.notify_all();
    impl_->changed.wait_until(lock, until, [this] { return impl_->ended; });
}

}  // namespace base
