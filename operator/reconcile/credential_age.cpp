#include "reconcile/credential_age.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "common/base/json.h"
#include "resources/component.h"

namespace reconcile {

namespace {

using resources::Rotation;
using Step = Rotation::Step;

constexpr std::array<std::string_view, 3> kSteps{"Settled", "Offered", "Used"};
constexpr int kMostGenerations = 1'000'000;
constexpr int kDeepest = 1;

// New credentials are brought in so much of the maximum ahead of it, and the overlap before that: nothing but rollouts that take
// longer exceeds it.
constexpr int kTenth = 10;

std::string_view name_of(Step step) {
    return kSteps.at(static_cast<std::size_t>(step));
}

base::WallTime time_of(const kube::Json& json, const char* field) {
    return base::wall_time_from(base::text_of(json, field));
}

std::string request_of(const api::Platform& platform) {
    return platform.rotate.empty() ? "" : resources::digest_text(platform.rotate);
}

// The oldest credentials that are accepted.
base::WallTime oldest(const CredentialAge& age) {
    return age.rotation.step == Step::Settled ? age.made : age.before;
}

}  // namespace

CredentialAge CredentialAge::of_new(const api::Platform& platform, base::WallTime now) {
    return {.made = now, .stepped = now, .request = request_of(platform)};
}

std::optional<CredentialAge> CredentialAge::decode(const std::string& text) {
    const std::optional<kube::Json> json = base::bounded_json_from(text, kDeepest);
    if (!json || !json->is_object()) return std::nullopt;
    const auto generation = json->find("generation");
    const auto* const step = std::ranges::find(kSteps, base::text_of(*json, "step"));
    if (generation == json->end() || !generation->is_number_integer() || step == kSteps.end()) return std::nullopt;
    const auto number = generation->get<std::int64_t>();
    const bool settled = step == kSteps.begin();
    if (number < (settled ? 0 : 1) || number > kMostGenerations) return std::nullopt;
    CredentialAge age;
    age.rotation = {static_cast<int>(number), static_cast<Step>(step - kSteps.begin())};
    age.made = time_of(*json, "made");
    age.before = time_of(*json, "before");
    age.stepped = time_of(*json, "stepped");
    age.request = base::text_of(*json, "request");
    return age;
}

std::string CredentialAge::encoded() const {
    kube::Json json{{"generation", rotation.generation},
                    {"step", name_of(rotation.step)},
                    {"made", base::rfc3339(made)},
                    {"stepped", base::rfc3339(stepped)}};
    if (rotation.step != Step::Settled) json["before"] = base::rfc3339(before);
    if (!request.empty()) json["request"] = request;
    return json.dump();
}

std::optional<CredentialAge> reported_age(const api::Platform& platform) {
    kube::Json json = kube::at(platform.status, {"credentials"});
    if (!json.is_object()) return std::nullopt;
    json["before"] = json["stepped"] = json["made"];
    json["request"] = request_of(platform);
    return CredentialAge::decode(json.dump());
}

std::optional<CredentialAge> later(const std::optional<CredentialAge>& a, const std::optional<CredentialAge>& b) {
    if (!a || !b) return a ? a : b;
    // Settled comes first of the steps and is the last that is taken of a generation.
    const auto rank = [](const CredentialAge& age) {
        return std::tuple(age.rotation.generation, age.rotation.step == Step::Settled, age.rotation.step,
                          -age.made.time_since_epoch());
    };
    return rank(*a) < rank(*b) ? b : a;
}

std::optional<base::WallTime> next_step(const CredentialAge& age, const api::Platform& platform) {
    const std::chrono::seconds overlap(platform.spec.credentials.overlap_seconds);
    switch (age.rotation.step) {
        case Step::Offered:
            return age.stepped;
        case Step::Used:
            return age.stepped + overlap;
        case Step::Settled:
            break;
    }
    if (!platform.rotate.empty() && request_of(platform) != age.request) return age.stepped;
    const std::chrono::seconds most(platform.spec.credentials.max_age_seconds);
    if (most.count() == 0) return std::nullopt;
    return age.made + most - most / kTenth - overlap;
}

CredentialAge stepped(const CredentialAge& age, const api::Platform& platform, base::WallTime now) {
    CredentialAge next = age;
    next.stepped = now;
    switch (age.rotation.step) {
        case Step::Settled:
            ++next.rotation.generation;
            next.rotation.step = Step::Offered;
            next.before = age.made;
            next.made = now;
            next.request = request_of(platform);
            break;
        case Step::Offered:
            next.rotation.step = Step::Used;
            break;
        case Step::Used:
            next.rotation.step = Step::Settled;
            next.before = {};
            break;
    }
    return next;
}

std::optional<base::WallTime> too_old_at(const CredentialAge& age, const api::Platform& platform) {
    const std::chrono::seconds most(platform.spec.credentials.max_age_seconds);
    if (most.count() == 0) return std::nullopt;
    return oldest(age) + most;
}

quality::Credentials observed(const CredentialAge& age, const api::Platform& platform, base::WallTime now) {
    const std::optional<base::WallTime> too_old = too_old_at(age, platform);
    return {.generation = age.rotation.generation,
            .made = base::rfc3339(age.made),
            .step = std::string(name_of(age.rotation.step)),
            .oldest = base::rfc3339(oldest(age)),
            .too_old = too_old && now >= *too_old};
}

std::string in_words(const Rotation& rotation) {
    switch (rotation.step) {
        case Step::Offered:
            return "The data stores are to accept new credentials beside those in use.";
        case Step::Used:
            return "The services are to use the new credentials; the old are accepted still.";
        case Step::Settled:
            break;
    }
    return "The old credentials are accepted no more.";
}

}  // namespace reconcile
