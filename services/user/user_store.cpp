// SQL of the service.
#include "user/user_store.h"

#include <nlohmann/json.hpp>

namespace user {
namespace {

using Work = data::Database::Work;

constexpr const char* kTime = R"('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')";

std::string time_of(const std::string& column) {
    return "to_char(" + column + " AT TIME ZONE 'UTC', " + kTime + ")";
}
std::string account_columns() {
    return "id, email, first_name, last_name, " + time_of("created_at");
}

Account account_from(const pqxx::row& row) {
    return {row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(), row[3].as<std::string>(),
            row[4].as<std::string>()};
}

std::optional<Account> first_account(const pqxx::result& rows) {
    if (rows.empty()) return std::nullopt;
    return account_from(rows[0]);
}

void put_session(Work& work, const std::string& user_id, const NewSession& session) {
    work.exec_prepared("add_session", session.id, user_id);
    work.exec_prepared("add_refresh", session.refresh_digest, session.id);
}

// Nothing where the address is taken.
std::optional<Account> put_account(Work& work, Account account, const std::optional<std::string>& password_hash,
                                   const NewSession& session) {
    const pqxx::result added =
        work.exec_prepared("add_user", account.id, account.email, password_hash, account.first_name, account.last_name);
    if (added.empty()) return std::nullopt;
    account.created_at = added[0][0].as<std::string>();
    put_session(work, account.id, session);
    return account;
}

std::vector<std::string> texts_from(const pqxx::field& json) {
    return nlohmann::json::parse(json.as<std::string>()).get<std::vector<std::string>>();
}

}  // namespace

std::vector<data::Statement> Store::statements() {
    const std::string columns = account_columns();
    const std::string kept = std::to_string(kKeptHistory);
    return {
        {"add_user",
         "INSERT INTO users (id, email, password_hash, first_name, last_name) VALUES ($1, $2, $3, $4, $5) "
         "ON CONFLICT (email) DO NOTHING RETURNING " +
             time_of("created_at")},
        {"user_by_email", "SELECT " + columns + ", password_hash FROM users WHERE email = $1"},
        {"user_by_id", "SELECT " + columns + " FROM users WHERE id = $1"},
        {"replace_hash", "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2"},
        {"rename_user",
         "UPDATE users SET first_name = coalesce($2, first_name), last_name = coalesce($3, last_name) WHERE id = $1 "
         "RETURNING " +
             columns},
        // A session lasts a day after its last refresh, and not longer than 30 in all.
        {"add_session", "INSERT INTO sessions (id, user_id, expires_at) VALUES ($1, $2, now() + interval '24 hours')"},
        {"add_refresh", "INSERT INTO refresh_tokens (digest, session_id) VALUES ($1, $2)"},
        {"use_refresh",
         "UPDATE refresh_tokens r SET used_at = now() FROM sessions s WHERE r.digest = $1 AND r.used_at IS NULL "
         "AND s.id = r.session_id AND s.revoked_at IS NULL AND s.expires_at > now() RETURNING s.id, s.user_id"},
        {"extend_session",
         "UPDATE sessions SET expires_at = least(now() + interval '24 hours', created_at + interval '30 days') "
         "WHERE id = $1"},
        {"used_refresh",
         "SELECT s.id, s.user_id FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id "
         "WHERE r.digest = $1 AND r.used_at IS NOT NULL"},
        {"revoke_session", "UPDATE sessions SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL"},
        {"session_revoked", "SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL"},
        {"remove_expired",
         "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() "
         "ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)"},
        {"preferences", "SELECT array_to_json(categories), newsletter FROM users WHERE id = $1"},
        {"set_preferences",
         "UPDATE users SET categories = ARRAY(SELECT jsonb_array_elements_text($2::jsonb)), newsletter = $3 WHERE id = $1"},
        {"user_exists", "SELECT 1 FROM users WHERE id = $1"},
        {"history", "SELECT product_id, category, " + time_of("seen_at") +
                        " FROM history WHERE user_id = $1 "
                        "ORDER BY seen_at DESC, product_id LIMIT " +
                        kept},
        {"add_visit",
         "INSERT INTO history (user_id, product_id, category) SELECT id, $2, $3 FROM users WHERE id = $1 "
         "ON CONFLICT (user_id, product_id) DO UPDATE SET category = excluded.category, seen_at = clock_timestamp()"},
        {"trim_history",
         "DELETE FROM history WHERE user_id = $1 AND product_id IN (SELECT product_id FROM history "
         "WHERE user_id = $1 ORDER BY seen_at DESC, product_id OFFSET " +
             kept + ")"},
        {"user_by_identity", "SELECT " + columns +
                                 " FROM users WHERE id = (SELECT user_id FROM identities WHERE issuer = $1 AND "
                                 "subject = $2)"},
        {"add_identity", "INSERT INTO identities (issuer, subject, user_id) VALUES ($1, $2, $3)"},
    };
}

std::optional<Account> Store::add(const base::Deadline& deadline, Account account, const std::string& password_hash,
                                  const NewSession& session) {
    return database_.transact(deadline, [&](Work& work) { return put_account(work, account, password_hash, session); });
}

std::optional<StoredAccount> Store::find_by_email(const base::Deadline& deadline, const std::string& email) {
    const pqxx::result rows = database_.query(deadline, "user_by_email", email);
    if (rows.empty()) return std::nullopt;
    StoredAccount stored{account_from(rows[0]), std::nullopt};
    if (!rows[0][5].is_null()) stored.password_hash = rows[0][5].as<std::string>();
    return stored;
}

void Store::replace_hash(const base::Deadline& deadline, const std::string& id, const std::string& old_hash,
                         const std::string& new_hash) {
    database_.query(deadline, "replace_hash", id, old_hash, new_hash);
}

void Store::add_session(const base::Deadline& deadline, const std::string& user_id, const NewSession& session) {
    database_.transact(deadline, [&](Work& work) { put_session(work, user_id, session); });
}

Rotation Store::rotate(const base::Deadline& deadline, const std::string& digest, const std::string& new_digest) {
    return database_.transact(deadline, [&](Work& work) {
        Rotation rotation;
        const pqxx::result used_now = work.exec_prepared("use_refresh", digest);
        if (!used_now.empty()) {
            rotation.session = Session{used_now[0][0].as<std::string>(), used_now[0][1].as<std::string>()};
            work.exec_prepared("add_refresh", new_digest, rotation.session->id);
            work.exec_prepared("extend_session", rotation.session->id);
            return rotation;
        }
        const pqxx::result used_before = work.exec_prepared("used_refresh", digest);
        if (!used_before.empty()) {
            rotation.revoked = Session{used_before[0][0].as<std::string>(), used_before[0][1].as<std::string>()};
            work.exec_prepared("revoke_session", rotation.revoked->id);
        }
        return rotation;
    });
}

void Store::revoke(const base::Deadline& deadline, const std::string& session_id) {
    database_.query(deadline, "revoke_session", session_id);
}

bool Store::is_revoked(const base::Deadline& deadline, const std::string& session_id) {
    return database_.query(deadline, "session_revoked", session_id).empty();
}

std::optional<Account> Store::find(const base::Deadline& deadline, const std::string& id) {
    return first_account(database_.query(deadline, "user_by_id", id));
}

std::optional<Account> Store::rename(const base::Deadline& deadline, const std::string& id,
                                     const std::optional<std::string>& first_name, const std::optional<std::string>& last_name) {
    return first_account(database_.query(deadline, "rename_user", id, first_name, last_name));
}

std::optional<Preferences> Store::preferences(const base::Deadline& deadline, const std::string& id) {
    const pqxx::result rows = database_.query(deadline, "preferences", id);
    if (rows.empty()) return std::nullopt;
    return Preferences{texts_from(rows[0][0]), rows[0][1].as<bool>()};
}

bool Store::set_preferences(const base::Deadline& deadline, const std::string& id, const Preferences& preferences) {
    const std::string categories = nlohmann::json(preferences.categories).dump();
    return database_.query(deadline, "set_preferences", id, categories, preferences.newsletter).affected_rows() > 0;
}

std::optional<std::vector<Visit>> Store::history(const base::Deadline& deadline, const std::string& id) {
    const pqxx::result rows = database_.query(deadline, "history", id);
    if (rows.empty() && database_.query(deadline, "user_exists", id).empty()) return std::nullopt;
    std::vector<Visit> visits;
    for (const pqxx::row& row : rows)
        visits.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>()});
    return visits;
}

bool Store::add_visit(const base::Deadline& deadline, const std::string& id, const std::string& product_id,
                      const std::string& category) {
    return database_.transact(deadline, [&](Work& work) {
        if (work.exec_prepared("add_visit", id, product_id, category).affected_rows() == 0) return false;
        work.exec_prepared("trim_history", id);
        return true;
    });
}

std::optional<Account> Store::find_or_add(const base::Deadline& deadline, const std::string& issuer, const std::string& subject,
                                          Account account, const NewSession& session) {
    const auto once = [&](Work& work) -> std::optional<Account> {
        if (auto known = first_account(work.exec_prepared("user_by_identity", issuer, subject))) {
            put_session(work, known->id, session);
            return known;
        }
        auto added = put_account(work, account, std::nullopt, session);
        if (added) {
            work.exec_prepared("add_identity", issuer, subject, added->id);
            return added;
        }
        // Someone with that address was here first: it may have been this very identity, a moment ago.
        auto meanwhile = first_account(work.exec_prepared("user_by_identity", issuer, subject));
        if (meanwhile) put_session(work, meanwhile->id, session);
        return meanwhile;
    };
    return database_.transact(deadline, once);
}

std::size_t Store::remove_expired(const base::Deadline& deadline) {
    return static_cast<std::size_t>(database_.query(deadline, "remove_expired").affected_rows());
}

}  // namespace user
