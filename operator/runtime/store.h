// What is known of the objects of one kind: a record per object, fed by a watch and by the answers to our own writes.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "kube/object.h"

namespace runtime {

// Receives what a watcher sees. A refill is a fresh list of all there is: what it does not mention is gone.
class WatchHandler {
public:
    virtual ~WatchHandler() = default;
    virtual void refill_begin() = 0;
    virtual void put(const kube::Json& object) = 0;
    virtual void erase(const kube::Json& object) = 0;
    virtual void refill_end() = 0;
};

// Resource versions are comparable numbers (guaranteed by Kubernetes since 1.35, true of etcd always); 0 for anything else.
inline std::uint64_t resource_version(const kube::Json& object) {
    const std::string text = kube::string_at(object, {"metadata", "resourceVersion"});
    std::uint64_t version = 0;
    std::from_chars(text.data(), text.data() + text.size(), version);
    return version;
}

// Keeps what `decode` makes of each object, and no more. `changed` hears of every record that differs from the one before; either
// pointer is null where there was or is none. Records compare with ==.
template <class Record>
class Store final : public WatchHandler {
public:
    using Decode = std::function<Record(const kube::Json&)>;
    using Changed = std::function<void(const kube::Key&, const Record* before, const Record* now)>;

    Store(Decode decode, Changed changed) : decode_(std::move(decode)), changed_(std::move(changed)) {}

    // Null where there is none. The pointer holds until the next change.
    const Record* find(const kube::Key& key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second.record;
    }

    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& [key, entry] : entries_) visit(key, entry.record);
    }

    // Takes in the answer to a write of ours, unless the watch has already shown something newer.
    void learn(const kube::Json& object) {
        const kube::Key key = kube::key_of(object);
        if (!entries_.contains(key) && resource_version(object) <= watched_version_) return;  // Deleted in the meantime.
        insert(key, object);
    }

    // Forgets what a write of ours removed, ahead of the watch.
    void forget(const kube::Key& key) { remove(key); }

    void refill_begin() override { ++epoch_; }

    void put(const kube::Json& object) override {
        watched_version_ = std::max(watched_version_, resource_version(object));
        insert(kube::key_of(object), object);
    }

    void erase(const kube::Json& object) override {
        const std::uint64_t version = resource_version(object);
        watched_version_ = std::max(watched_version_, version);
        const kube::Key key = kube::key_of(object);
        const auto found = entries_.find(key);
        if (found != entries_.end() && found->second.version <= version) remove(key);
    }

    void refill_end() override {
        for (auto entry = entries_.begin(); entry != entries_.end();) {
            const kube::Key key = entry->first;
            const bool gone = entry->second.epoch != epoch_;
            ++entry;
            if (gone) remove(key);
        }
    }

private:
    struct Entry {
        Record record;
        std::uint64_t version = 0;
        std::uint64_t epoch = 0;
    };

    void insert(const kube::Key& key, const kube::Json& object) {
        const std::uint64_t version = resource_version(object);
        const auto found = entries_.find(key);
        if (found == entries_.end()) {
            const auto added = entries_.emplace(key, Entry{decode_(object), version, epoch_}).first;
            changed_(key, nullptr, &added->second.record);
            return;
        }
        Entry& entry = found->second;
        entry.epoch = epoch_;
        if (version <= entry.version) return;
        entry.version = version;
        Record before = std::exchange(entry.record, decode_(object));
        if (!(before == entry.record)) changed_(key, &before, &entry.record);
    }

    void remove(const kube::Key& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return;
        const Record before = std::move(found->second.record);
        entries_.erase(found);
        changed_(key, &before, nullptr);
    }

    Decode decode_;
    Changed changed_;
    std::map<kube::Key, Entry> entries_;
    std::uint64_t watched_version_ = 0;
    std::uint64_t epoch_ = 0;
};

}  // namespace runtime
