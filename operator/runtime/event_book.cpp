// Keeps, per Event, how often it happened and what has yet to be sent.
#include "runtime/event_book.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

namespace runtime {

using kube::Json;

namespace {

constexpr std::string_view kController = "ecommerceplatform.io/ecommerce-operator";
constexpr std::size_t kMaxNote = 1024;
constexpr std::size_t kMaxWord = 128;  // Of reason, action and reportingInstance.
constexpr std::size_t kMaxName = 253;

// A digest, so that an entry is small however long its note is. Two that collided would merely be counted as one.
std::size_t digest(const Happening& happening) {
    std::string all;
    for (const std::string* part : {&happening.regarding.kind, &happening.regarding.key.ns, &happening.regarding.key.name,
                                    &happening.regarding.uid, &happening.reason, &happening.action, &happening.note}) {
        all += *part;
        all += '\0';
    }
    all += happening.type == EventType::Warning ? 'W' : 'N';
    return std::hash<std::string>{}(all);
}

// The steps of splitmix64: different numbers stay different, near ones end up far apart.
std::uint64_t scattered(std::uint64_t number) {
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    return number ^ (number >> 31);
}

std::string hex(std::uint64_t number) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
    return text.data();
}

bool continues_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// An exception's text may hold anything, but JSON takes only UTF-8.
std::string as_utf8(const std::string& text) {
    return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

Json series(int count, base::WallTime last) {
    return {{"count", count}, {"lastObservedTime", base::rfc3339_micro(last)}};
}

}  // namespace

std::string cut_utf8(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return std::string(text);
    constexpr std::string_view kMark = "…";
    if (bytes < kMark.size()) return "";
    std::size_t end = bytes - kMark.size();
    while (end > 0 && continues_character(text[end])) --end;
    return std::string(text.substr(0, end)) + std::string(kMark);
}

Reference reference_to(const Json& object) {
    return {kube::string_at(object, {"apiVersion"}),
            kube::string_at(object, {"kind"}),
            {kube::string_at(object, {"metadata", "namespace"}), kube::string_at(object, {"metadata", "name"})},
            kube::string_at(object, {"metadata", "uid"})};
}

EventBook::EventBook(std::string instance, std::uint64_t seed, const base::Clock& clock, EventLimits limits)
    : instance_(std::move(instance)), seed_(seed), clock_(clock), limits_(limits) {}

bool EventBook::add(const Happening& happening) {
    const base::SteadyTime now = clock_.now();
    const std::size_t fold = digest(happening);
    const auto known = entries_.find(fold);
    const bool waits = known != entries_.end() && known->second.due;
    const bool again = waits || (known != entries_.end() && now - known->second.last <= limits_.window);
    if (!waits && pending_ >= limits_.pending) return false;
    if (!waits) ++pending_;

    if (again) {
        Entry& entry = known->second;
        ++entry.count;
        entry.last = now;
        entry.last_wall = clock_.wall();
        if (!waits) entry.due = std::max(now, entry.taken + limits_.spacing);
        return true;
    }
    make_room();
    const std::uint64_t id = ++made_;
    const Reference& about = happening.regarding;
    // Events of cluster-scoped objects live in "default".
    const kube::Key key{about.key.ns.empty() ? "default" : about.key.ns,
                        about.key.name.substr(0, kMaxName - 17) + "." + hex(scattered(seed_ + id))};
    entries_[fold] = {id, key, 1, now, clock_.wall(), now, now, event(happening, key)};
    return true;
}

std::optional<EventWrite> EventBook::take() {
    const std::optional<base::SteadyTime> due = next_due();
    if (!due || *due > clock_.now()) return {};
    return take_any();
}

std::optional<EventWrite> EventBook::take_any() {
    const auto found = first_due();
    if (found == entries_.end()) return {};
    Entry& entry = entries_.at(found->first);
    entry.due.reset();
    entry.taken = clock_.now();
    --pending_;

    EventWrite write{entry.id, entry.key, !entry.unsent.is_null(), std::exchange(entry.unsent, nullptr)};
    if (entry.count > 1) write.json["series"] = series(entry.count, entry.last_wall);
    return write;
}

std::optional<base::SteadyTime> EventBook::next_due() const {
    const auto found = first_due();
    if (found == entries_.end()) return {};
    return found->second.due;
}

void EventBook::forget(std::uint64_t id) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.second.id == id; });
    if (found == entries_.end()) return;
    if (found->second.due) --pending_;
    entries_.erase(found);
}

EventBook::Entries::const_iterator EventBook::first_due() const {
    auto first = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (!entry->second.due) continue;
        // Among equals in the order in which they came.
        const auto rank = [](const Entry& e) { return std::pair{*e.due, e.id}; };
        if (first == entries_.end() || rank(entry->second) < rank(first->second)) first = entry;
    }
    return first;
}

void EventBook::make_room() {
    std::erase_if(entries_,
                  [&](const auto& entry) { return !entry.second.due && clock_.now() - entry.second.last > limits_.window; });
    if (entries_.size() < limits_.remembered) return;
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (entry->second.due) continue;  // Their number has a limit of its own.
        if (oldest == entries_.end() || entry->second.last < oldest->second.last) oldest = entry;
    }
    if (oldest != entries_.end()) entries_.erase(oldest);
}

Json EventBook::event(const Happening& happening, const kube::Key& key) const {
    const Reference& about = happening.regarding;
    Json regarding{{"apiVersion", about.api_version}, {"kind", about.kind}, {"name", about.key.name}};
    if (!about.key.ns.empty()) regarding["namespace"] = about.key.ns;
    if (!about.uid.empty()) regarding["uid"] = about.uid;
    Json json = kube::Object::make(kube::kEvent, key).json;
    json.update({{"eventTime", base::rfc3339_micro(clock_.wall())},
                 {"reportingController", kController},
                 {"reportingInstance", cut_utf8(instance_, kMaxWord)},
                 {"type", happening.type == EventType::Warning ? "Warning" : "Normal"},
                 {"reason", cut_utf8(happening.reason, kMaxWord)},
                 {"action", cut_utf8(happening.action, kMaxWord)},
                 {"note", cut_utf8(as_utf8(happening.note), kMaxNote)},
                 {"regarding", regarding}});
    return json;
}

}  // namespace runtime
