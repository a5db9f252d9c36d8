// Takes turns.
#include "payment/turns.h"

#include <algorithm>
#include <chrono>

namespace payment {

std::optional<Turns::Turn> Turns::take(const std::string& key, const base::Deadline& deadline) {
    std::unique_lock lock(mutex_);
    const auto at = places_.try_emplace(key).first;
    Place& place = at->second;
    ++place.users;
    // A wait of Duration::max() would overflow.
    const base::Duration patience = std::min(deadline.left(), base::Duration{std::chrono::hours{1}});
    if (!place.free.wait_for(lock, patience, [&] { return !place.taken; })) {
        leave(at);
        return std::nullopt;
    }
    place.taken = true;
    return Turn(*this, at);
}

Turns::Turn::~Turn() {
    if (turns_ == nullptr) return;
    const std::lock_guard lock(turns_->mutex_);
    at_->second.taken = false;
    at_->second.free.notify_one();
    turns_->leave(at_);
}

void Turns::leave(std::map<std::string, Place>::iterator at) {
    if (--at->second.users == 0) places_.erase(at);
}

}  // namespace payment
