// PURE: the table of promises, and what their sum says of each attribute.
#pragma once

#include <string>
#include <vector>

#include "quality/promise.h"

namespace quality {

// In the order of api::kAttributes.
std::vector<Promise> promises(const Case& of);

// Those that the spec makes, before anything is seen: kept or hurt where the spec alone decides it, else Unknown without
// evidence.
std::vector<Promise> declared(const api::Platform& platform);

// What a promise says, in a sentence; empty where there is none of that name.
std::string_view meaning_of(std::string_view promise);

// One condition for each attribute: False where one of its promises is, else Unknown where one is, else True. An attribute of
// which the spec promises nothing is Unknown.
std::vector<Condition> attributes(const std::vector<Promise>& promises);
// The same where nothing could be observed.
std::vector<Condition> unknown_attributes(const std::string& reason, const std::string& message);

// "7/8"
std::string kept_of_all(const std::vector<Condition>& attributes);

}  // namespace quality
