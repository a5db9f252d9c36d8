// The texts that a service's program carries within. embed_texts defines these for each service from its folder.
#pragma once

#include <string_view>
#include <vector>

#include "common/data/migrations.h"

namespace embedded {

std::string_view openapi();                     // openapi.yaml as JSON.
std::vector<data::Migration> migrations();      // migrations/*.sql, by version.
std::string_view asset(std::string_view name);  // assets/NAME; empty where there is none.

}  // namespace embedded
