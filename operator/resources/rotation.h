// PURE: which of the generated credentials the data stores accept and which the services use, while new ones take the place of
// old ones. Step by step, so that each pod finds what it uses accepted: new ones are offered beside the old, then used, and then
// the old are accepted no more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace resources {

struct Rotation {
    enum class Step { Settled, Offered, Used };

    int generation = 0;  // Of the newest credentials.
    Step step = Step::Settled;

    std::vector<int> accepted() const;                                        // Generations, the oldest first.
    bool retires() const { return step == Step::Settled && generation > 0; }  // The generation before the newest.
    int used() const { return step == Step::Offered ? generation - 1 : generation; }

    friend bool operator==(const Rotation&, const Rotation&) = default;
};

// Two users take turns where a data store knows one password a user: "catalog" and "catalog_2".
std::string user_of(std::string_view name, int generation);

}  // namespace resources
