// Whether a live object still is what we applied: a digest over the fields that a field manager owns, held against the digest of
// what it would apply. The API server records ownership in metadata.managedFields (FieldsV1).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kube/json.h"

namespace kube {

// The part of `object` that `manager` owns by server-side apply; null where it never applied. Owned fields without a value, as in
// an object of which only the metadata was asked for, are there as null.
Json managed_part(const Json& object, std::string_view manager);

// Whether managed_part() is any.
bool is_applied_by(const Json& object, std::string_view manager);

// The part of `object`, of its metadata and status nothing, that others than `ours` brought and `applier` does not apply: what a
// server-side apply leaves. Null where there is none. Metadata of a pod template and the number of replicas are left out: whoever
// restarts or scales it writes them, and may.
Json foreign_part(const Json& object, std::string_view applier, std::span<const std::string_view> ours);

// The part of an object to apply that the API server attributes to us: without the identity (apiVersion, kind, name, namespace).
Json applied_part(const Json& object);

// The object with null for every value outside the metadata, as managed_part() sees it when only the metadata was asked for.
Json without_values(Json object);

// Equal values have equal digests, whatever the order of keys. FNV-1a: guards against drift, not against forgery.
std::uint64_t digest(const Json& value);

}  // namespace kube
