// Turns what happened into Event objects, and what happens again into a count on the first. Pure but for its clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "kube/object.h"

namespace runtime {

enum class EventType { Normal, Warning };

// What an Event is about: an ObjectReference.
struct Reference {
    std::string api_version;
    std::string kind;
    kube::Key key;
    std::string uid;  // Without it `kubectl describe` does not show the event.
};

Reference reference_to(const kube::Json& object);  // By its apiVersion, kind and metadata.

struct Happening {
    Reference regarding;
    EventType type = EventType::Normal;
    std::string reason;  // Why, for machines: "Stalled", in UpperCamelCase.
    std::string action;  // What was done or tried: "Reconcile".
    std::string note;    // For people. Cut at 1024 bytes, as the API server takes no more.
};

struct EventLimits {
    base::Duration window{600'000};  // An equal one that is later than this after the last is a new Event.
    base::Duration spacing{10'000};  // Between two writes of one Event's count.
    std::size_t pending = 1000;      // Not yet sent; more are dropped.
    std::size_t remembered = 1000;   // To count on; the one that was silent longest is forgotten.
};

// What has to be sent for one Event.
struct EventWrite {
    std::uint64_t id = 0;
    kube::Key key;
    bool is_new = false;
    kube::Json json;  // The whole Event where it is new, else a merge patch.
};

class EventBook {
public:
    // `instance` names this process in the Events; `seed` keeps names unique among processes.
    EventBook(std::string instance, std::uint64_t seed, const base::Clock& clock, EventLimits limits = {});

    // False: dropped, as too many wait.
    bool add(const Happening& happening);

    // The next write that is due; nothing where none is.
    std::optional<EventWrite> take();
    // The same without waiting for its time: for the end of the process.
    std::optional<EventWrite> take_any();
    // When take() will have something; nothing: not before the next add().
    std::optional<base::SteadyTime> next_due() const;
    // After a write that failed: the next equal happening makes a new Event.
    void forget(std::uint64_t id);

private:
    struct Entry {
        std::uint64_t id = 0;
        kube::Key key;
        int count = 1;
        base::SteadyTime last;  // When it last happened.
        base::WallTime last_wall;
        base::SteadyTime taken;               // When something of it was last sent.
        std::optional<base::SteadyTime> due;  // Set while something is to be sent.
        kube::Json unsent;                    // The whole Event, until it was taken.
    };
    using Entries = std::map<std::size_t, Entry>;

    kube::Json event(const Happening& happening, const kube::Key& key) const;
    void make_room();
    Entries::const_iterator first_due() const;

    std::string instance_;
    std::uint64_t seed_;
    const base::Clock& clock_;
    EventLimits limits_;
    std::uint64_t made_ = 0;
    std::size_t pending_ = 0;
    Entries entries_;  // By a digest of all that makes two happenings equal.
};

// At most that many bytes, no character cut in two; "…" at the end tells that something is missing.
std::string cut_utf8(std::string_view text, std::size_t bytes);

}  // namespace runtime
