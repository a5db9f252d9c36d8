// Applies migrations, and refuses what would make two histories of one schema.
#include "common/data/migrations.h"

#include <openssl/evp.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <pqxx/pqxx>
#include <stdexcept>
#include <thread>

#include "common/data/postgres.h"
#include "common/data/postgres_pool.h"

namespace data {

namespace {

constexpr base::Duration kConnectTime{10'000};
constexpr base::Duration kAnswerTime{2'000};
// Any number does, as long as every process takes the same and nobody else does: the first 8 bytes of the SHA-256 of
// "ecommerce schema_migrations".
constexpr auto kLock = "526101630792393756";
// A change of a table waits for its readers, and new readers wait for the change: so it gives up soon and comes again.
constexpr auto kLockTimeout = "5s";
constexpr int kLockAttempts = 30;
constexpr auto kLockNotAvailable = "55P03";

constexpr auto kTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " version integer PRIMARY KEY,"
    " name text NOT NULL,"
    " sha256 text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now())";

struct Applied {
    std::string name;
    std::string sha256;
};

std::string sha256(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL has no SHA-256");
    }
    constexpr auto kDigits = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) hex += {kDigits[digest[i] >> 4], kDigits[digest[i] & 15]};
    return hex;
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
    throw std::runtime_error("migration " + name + ": " + why);
}

void check_versions(const std::vector<Migration>& migrations) {
    int expected = 1;
    for (const Migration& migration : migrations) {
        if (migration.version != expected) {
            refuse(migration.name, "has version " + std::to_string(migration.version) + " where " + std::to_string(expected) +
                                       " is expected: versions go 1, 2, 3 without gaps");
        }
        ++expected;
    }
}

std::map<int, Applied> read_applied(pqxx::connection& connection) {
    std::map<int, Applied> applied;
    pqxx::nontransaction work(connection);
    for (const pqxx::row& row : work.exec("SELECT version, name, sha256 FROM schema_migrations ORDER BY version")) {
        applied[row[0].as<int>()] = Applied{row[1].as<std::string>(), row[2].as<std::string>()};
    }
    return applied;
}

void check_applied(const std::vector<Migration>& migrations, const std::map<int, Applied>& applied) {
    int expected = 1;
    for (const auto& [version, was] : applied) {
        if (version > static_cast<int>(migrations.size())) return;  // A newer program has been here.
        const Migration& migration = migrations[static_cast<std::size_t>(version) - 1];
        if (version != expected)
            refuse(migration.name, "is applied, but version " + std::to_string(expected) + " before it is not");
        if (was.sha256 != sha256(migration.sql)) {
            refuse(migration.name, "was changed after it was applied (as " + was.name + "): write a new one instead");
        }
        ++expected;
    }
}

// False where a lock that it needs is held for too long.
bool try_to_apply(pqxx::connection& connection, const Migration& migration) {
    try {
        pqxx::work work(connection);
        work.exec(std::string("SET LOCAL lock_timeout = '") + kLockTimeout + "'");
        work.exec(migration.sql);
        work.exec_params("INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)", migration.version,
                         migration.name, sha256(migration.sql));
        work.commit();
        return true;
    } catch (const pqxx::sql_error& error) {
        if (error.sqlstate() == kLockNotAvailable) return false;
        refuse(migration.name, error.what());
    } catch (const pqxx::failure& error) {
        refuse(migration.name, error.what());
    }
}

void apply(pqxx::connection& connection, const Migration& migration, const base::Log& log) {
    for (int attempt = 1; !try_to_apply(connection, migration); ++attempt) {
        if (attempt == kLockAttempts) refuse(migration.name, "others hold locks that it needs, for too long");
        log.warn("a migration waits for a lock", {{"migration", migration.name}, {"attempt", attempt}});
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

}  // namespace

void migrate(const std::string& url, const std::vector<Migration>& migrations, const base::Log& log) {
    check_versions(migrations);
    pqxx::connection connection(with_limits(url, kConnectTime));
    {
        // Held by the session, so that it ends with this process, however that ends.
        pqxx::nontransaction work(connection);
        work.exec(std::string("SELECT pg_advisory_lock(") + kLock + ")");
        work.exec(kTable);
    }
    const std::map<int, Applied> applied = read_applied(connection);
    check_applied(migrations, applied);
    if (applied.size() > migrations.size()) {
        log.warn("a newer version of this program has migrated the database, which is left as it is",
                 {{"newest", applied.rbegin()->second.name}});
    }
    for (std::size_t i = applied.size(); i < migrations.size(); ++i) {
        apply(connection, migrations[i], log);
        log.info("migration applied", {{"migration", migrations[i].name}});
    }
}

bool is_current(Database& database, const std::vector<Migration>& migrations) {
    if (migrations.empty()) return true;
    try {
        return !database
                    .query_text(base::Deadline::in(kAnswerTime), "SELECT 1 FROM schema_migrations WHERE version = $1",
                                migrations.back().version)
                    .empty();
    } catch (const std::runtime_error&) {  // It is away, or has no such table yet.
        return false;
    }
}

}  // namespace data
