// Events as rows of the outbox and as what arrives from outside.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <utility>

#include "common/base/json.h"
#include "common/data/messages.h"

namespace data {

namespace {

constexpr std::size_t kLongestType = 255;            // Of an AMQP routing key.
constexpr std::size_t kLargestBody = 1024UL * 1024;  // Ours are below a few kilobytes.
constexpr int kDeepestPayload = 32;                  // Whoever walks through a payload recurses.
constexpr auto kUuidShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_uuid(std::string_view text) {
    const std::string_view shape = kUuidShape;
    return text.size() == shape.size() &&
           std::equal(text.begin(), text.end(), shape.begin(), [](char c, char s) { return s == '-' ? c == '-' : is_hex(c); });
}

// "order.confirmed": what can be a routing key, a part of a queue's name, and a metric's label.
bool is_type(std::string_view text) {
    return !text.empty() && text.size() <= kLongestType && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

}  // namespace

const char* const kMessagesSchema = R"sql(
-- Events that are to be published, in the order in which they are. A row goes when the broker has confirmed its event.
CREATE TABLE outbox (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid NOT NULL UNIQUE,
    type        text NOT NULL,
    payload     json NOT NULL,
    traceparent text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Events that were taken, and those whose handling failed so far (taken_at is null).
CREATE TABLE inbox (
    id       uuid PRIMARY KEY,
    type     text NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    taken_at timestamptz
);
CREATE INDEX inbox_taken_at ON inbox (taken_at);
)sql";

void put(Database::Work& work, const Event& event) {
    if (!is_uuid(event.id) || !is_type(event.type)) throw std::invalid_argument("put an event: " + event.id + " " + event.type);
    work.exec_params("INSERT INTO outbox (id, type, payload, traceparent) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
                     event.id, event.type, event.payload.dump(), event.traceparent);
}

std::optional<Event> event_from(std::string_view id, std::string_view type, std::string_view traceparent, std::string_view body) {
    if (!is_uuid(id) || !is_type(type) || body.size() > kLargestBody) return std::nullopt;
    std::optional<nlohmann::json> payload = base::bounded_json_from(body, kDeepestPayload);
    if (!payload) return std::nullopt;
    Event event{std::string(id), std::string(type), *std::move(payload), std::string(traceparent)};
    if (!base::trace_context_from(traceparent).valid()) event.traceparent.clear();
    return event;
}

}  // namespace data
