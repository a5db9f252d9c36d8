// The services' databases: the Job that makes them and their roles, and the Jobs that bring them up to date.
#pragma once

#include <string>
#include <string_view>

#include "kube/object.h"
#include "resources/desired.h"
#include "resources/rotation.h"

namespace resources {

// Purposes of a service's credentials and Secrets: the role that serves its database, and the one that owns and migrates it.
inline constexpr std::string_view kServing = "database";
inline constexpr std::string_view kOwning = "database-owner";

// What psql reads as a superuser to make all databases and roles, with placeholders of a SecretTemplate for the passwords. It may
// run again at any time, and changes what is different then.
inline constexpr std::string_view kProvisioningFile = "provision.sql";
std::string provisioning_statements(const Rotation& rotation);

// Jobs, and what their pods need.
kube::Objects provisioning(const api::Platform& platform, const SecretDigests& secrets);  // None where PostgreSQL is external.
kube::Objects migrations(const api::Platform& platform, const SecretDigests& secrets);

}  // namespace resources
