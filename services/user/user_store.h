// The service's tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/data/postgres.h"
#include "user/account_rules.h"

namespace user {

struct StoredAccount {
    Account account;
    std::optional<std::string> password_hash;
};

// A sign-in that a refresh token stands for.
struct Session {
    std::string id;
    std::string user_id;
};

struct NewSession {
    std::string id;
    std::string refresh_digest;
};

struct Rotation {
    std::optional<Session> session;  // Nothing: the token is not usable.
    std::optional<Session> revoked;  // The token had been used before, so someone has a copy: the session is over.
};

// Each function is one transaction. Throws what data::Database throws.
class Store {
public:
    explicit Store(data::Database& database) : database_(database) {}
    static std::vector<data::Statement> statements();

    // Nothing where the address is taken: the index decides, however many ask at once.
    std::optional<Account> add(const base::Deadline& deadline, Account account, const std::string& password_hash,
                               const NewSession& session);
    std::optional<StoredAccount> find_by_email(const base::Deadline& deadline, const std::string& email);
    // Unless it has changed meanwhile.
    void replace_hash(const base::Deadline& deadline, const std::string& id, const std::string& old_hash,
                      const std::string& new_hash);

    void add_session(const base::Deadline& deadline, const std::string& user_id, const NewSession& session);
    // Takes a refresh token, which can be taken once, and puts another in its place.
    Rotation rotate(const base::Deadline& deadline, const std::string& digest, const std::string& new_digest);
    void revoke(const base::Deadline& deadline, const std::string& session_id);
    bool is_revoked(const base::Deadline& deadline, const std::string& session_id);

    std::optional<Account> find(const base::Deadline& deadline, const std::string& id);
    std::optional<Account> rename(const base::Deadline& deadline, const std::string& id,
                                  const std::optional<std::string>& first_name, const std::optional<std::string>& last_name);
    std::optional<Preferences> preferences(const base::Deadline& deadline, const std::string& id);
    bool set_preferences(const base::Deadline& deadline, const std::string& id, const Preferences& preferences);

    std::optional<std::vector<Visit>> history(const base::Deadline& deadline, const std::string& id);  // The newest first.
    bool add_visit(const base::Deadline& deadline, const std::string& id, const std::string& product_id,
                   const std::string& category);

    // The account of that identity, made where there is none. Nothing where its address belongs to an account already, which the
    // identity does not get: whoever made that one need not be the address's owner.
    std::optional<Account> find_or_add(const base::Deadline& deadline, const std::string& issuer, const std::string& subject,
                                       Account account, const NewSession& session);

    std::size_t remove_expired(const base::Deadline& deadline);  // Sessions; some at a time.

private:
    data::Database& database_;
};

}  // namespace user
