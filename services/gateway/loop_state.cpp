// Upstreams by name, and sessions by id.
#include "gateway/loop_state.h"

namespace gateway {

std::optional<bool> KnownSessions::find(const std::string& session, Steady::time_point now) const {
    const auto found = entries_.find(session);
    if (found == entries_.end() || found->second.until <= now) return {};
    return found->second.alive;
}

void KnownSessions::learn(const std::string& session, bool alive, Steady::time_point now) {
    if (entries_.size() >= kMost) std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
    if (entries_.size() >= kMost) entries_.clear();
    entries_[session] = {alive, now + kFresh};
}

std::size_t UpstreamService::running() const {
    std::size_t sum = 0;
    for (const auto& upstream : upstreams) sum += upstream->running();
    return sum;
}

std::optional<std::size_t> UpstreamService::pick(double random, std::size_t avoid, Steady::time_point now) {
    const std::size_t first = choose(targets, random, avoid);
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
        const std::size_t index = (first + i) % upstreams.size();
        const bool wanted = index == first || targets[index].weight > 0;
        if (wanted && upstreams[index]->breaker.admits(now)) return index;
    }
    return {};
}

LoopState::LoopState(boost::asio::io_context& given, const std::map<std::string, std::vector<Target>, std::less<>>& known)
    : loop(given), random(base::system_random()) {
    for (const auto& [name, targets] : known) {
        UpstreamService& service = services[name];
        service.targets = targets;
        for (const Target& target : targets) service.upstreams.push_back(std::make_shared<Upstream>(given, target));
    }
}

}  // namespace gateway
