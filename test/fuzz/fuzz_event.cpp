// An AMQP message's id, type, trace context and body, a line each: an event that is taken means the same when it is sent on.
#include <string_view>

#include "common/data/messages.h"
#include "holds.h"

namespace {

std::string_view cut_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string_view id = cut_line(text);
    const std::string_view type = cut_line(text);
    const std::string_view trace = cut_line(text);
    const auto event = data::event_from(id, type, trace, text);
    if (!event) return 0;
    holds(event->id == id && event->type == type);
    const auto again = data::event_from(event->id, event->type, event->traceparent, event->payload.dump());
    holds(again && again->payload == event->payload && again->traceparent == event->traceparent);
    return 0;
}
