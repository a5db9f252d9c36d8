// One at a time for each key, within a process; the others wait for their turn until their deadline.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/deadline.h"

namespace payment {

// Safe from several threads. Holds an entry only for keys that are in use.
class Turns {
    struct Place {
        std::condition_variable free;
        bool taken = false;
        std::size_t users = 0;  // Whoever has the turn, and those who wait.
    };

public:
    // Ends with its destruction.
    class Turn {
    public:
        Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), at_(other.at_) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn();

    private:
        friend class Turns;
        Turn(Turns& turns, std::map<std::string, Place>::iterator at) : turns_(&turns), at_(at) {}

        Turns* turns_;
        std::map<std::string, Place>::iterator at_;
    };

    // Nothing: the deadline passed before it was this one's turn.
    std::optional<Turn> take(const std::string& key, const base::Deadline& deadline);

private:
    void leave(std::map<std::string, Place>::iterator at);

    std::mutex mutex_;
    std::map<std::string, Place> places_;
};

}  // namespace payment
