#include "resources/databases.h"

#include <nlohmann/json.hpp>

#include "api/names.h"
#include "api/profile.h"
#include "resources/credentials.h"
#include "resources/environment.h"
#include "resources/images.h"
#include "resources/job.h"
#include "resources/objects.h"
#include "resources/pod.h"
#include "resources/scripts.h"

namespace resources {

using kube::Json;

namespace {

// The serving role can neither make tables nor drop them, nor connect to another's database. It is also the first of the two
// users that take turns; the second has its rights.
constexpr std::string_view kStatements = R"sql(
\connect postgres
SELECT 'CREATE ROLE {role}_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}_owner') \gexec
SELECT 'CREATE ROLE {role}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \gexec
ALTER ROLE {role}_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{owning}';
{users}SELECT 'CREATE DATABASE {role} OWNER {role}_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{role}') \gexec
ALTER DATABASE {role} OWNER TO {role}_owner;
REVOKE ALL ON DATABASE {role} FROM PUBLIC;
GRANT CONNECT ON DATABASE {role} TO {role};
\connect {role}
ALTER SCHEMA public OWNER TO {role}_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {role}_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {role}_owner GRANT USAGE, SELECT ON SEQUENCES TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {role}_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {role}_owner GRANT EXECUTE ON FUNCTIONS TO {role};
)sql";

constexpr std::string_view kSecondUser =
    R"sql(SELECT 'CREATE ROLE {user}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{user}') \gexec
GRANT {role} TO {user};
)sql";

constexpr std::string_view kAccepted =
    "ALTER ROLE {user} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{serving}';\n";

constexpr std::string_view kRefused = R"sql(ALTER ROLE {user} NOLOGIN PASSWORD NULL;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}' \g /dev/null
)sql";

std::string replaced(std::string text, std::string_view what, const std::string& by) {
    for (std::size_t found = 0; (found = text.find(what, found)) != std::string::npos; found += by.size()) {
        text.replace(found, what.size(), by);
    }
    return text;
}

std::string users(const api::Service& service, const Rotation& rotation) {
    std::string text;
    const auto add = [&](std::string_view statements, int generation) {
        std::string some = replaced(std::string(statements), "{user}", user_of(service.database, generation));
        some = replaced(std::move(some), "{role}", std::string(service.database));
        text += replaced(std::move(some), "{serving}", credential(service, kServing, generation));
    };
    for (const int generation : rotation.accepted()) {
        if (generation % 2 != 0) add(kSecondUser, generation);
        add(kAccepted, generation);
    }
    if (rotation.retires()) add(kRefused, rotation.generation - 1);
    return text;
}

}  // namespace

std::string provisioning_statements(const Rotation& rotation) {
    std::string text = "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;\n";
    for (const api::Service& service : api::kServices) {
        if (!service.has_database()) continue;
        std::string statements = replaced(std::string(kStatements), "{users}", users(service, rotation));
        statements = replaced(std::move(statements), "{role}", std::string(service.database));
        text += replaced(std::move(statements), "{owning}", credential(service, kOwning, rotation.generation));
    }
    return text;
}

kube::Objects provisioning(const api::Platform& platform, const SecretDigests& secrets) {
    if (platform.spec.postgres.external) return {};
    const Component self{platform, std::string(kProvisioning), std::string(kProvisioning), ""};
    const std::map<std::string, std::string> files{{"provision.sh", kProvision}};
    Pod pod;
    pod.workload = Workload::Job;
    pod.image = program_image(platform.spec, api::kPostgres);
    pod.command = {"sh", std::string(kConfigFolder) + "/provision.sh"};
    pod.env = {env("PGHOST", host_of(platform, api::kPostgres)), env("PGPORT", std::to_string(api::kPostgresPort)),
               env("PGUSER", "postgres")};
    pod.compute = api::job_compute();
    pod.mounts = {config_folder(name_of(self)), secret_folder("postgres", name_of(component(platform, api::kPostgres))),
                  secret_folder(std::string(kProvisioning), name_of(self))};
    pod.annotations = {{std::string(api::kConfigAnnotation), digest_text(files)}};
    return {service_account(self), config_map(self, files), job(self, self.key, pod, secrets)};
}

kube::Objects migrations(const api::Platform& platform, const SecretDigests& secrets) {
    const std::string purpose(kMigration);
    kube::Objects objects{service_account(component(platform, purpose))};
    for (const api::Service& service : api::kServices) {
        if (!service.has_database()) continue;
        Pod pod;
        pod.workload = Workload::Job;
        pod.image = service_image(platform.spec, service.image);
        pod.args = {"migrate"};
        const Mount database = database_mount(platform, service, kOwning);
        pod.env = {env("DATABASE_URL_FILE", database.path + "/url")};
        if (platform.spec.postgres.external) pod.env.push_back(env("DATABASE_OWNER_URL_FILE", database.path + "/owner-url"));
        pod.compute = api::job_compute();
        pod.mounts = {database, empty_folder("tmp", "/tmp", "64Mi")};
        objects.push_back(job(component(platform, service.key), purpose, pod, secrets));
    }
    return objects;
}

}  // namespace resources
