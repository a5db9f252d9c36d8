// Brings a database's schema up to date: versioned, checksummed, one process at a time.
#pragma once

#include <string>
#include <vector>

#include "common/base/log.h"

namespace data {

class Database;

struct Migration {
    int version = 0;   // 1, 2, 3 … without gaps: "0001_users.sql" has 1.
    std::string name;  // The file's name.
    std::string sql;
};

// Applies what is missing, each in a transaction of its own, under an advisory lock, and remembers it with its SHA-256 in the
// table schema_migrations. What a newer version of the program has applied stays, with a warning. Throws std::runtime_error that
// names the migration: it fails, an applied one was changed, versions have gaps.
void migrate(const std::string& url, const std::vector<Migration>& migrations, const base::Log& log);

// Whether the newest of them is applied; for readiness. False too where the database is away.
bool is_current(Database& database, const std::vector<Migration>& migrations);

}  // namespace data
