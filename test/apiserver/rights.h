// The operator's rights, for tests of what it does without some of them.
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "api/document.h"
#include "cluster.h"
#include "support/paths.h"

namespace apiserver {

// What config/rbac gives the operator, given to a ServiceAccount under another name: tests take rights away from it.
class Rights {
public:
    explicit Rights(const Operated& in) : in_(in), name_("operator-" + in.ns()) {
        const std::string text = support::read_file(support::in_checkout("config/rbac/platforms.yaml"));
        role_ = std::get<Json>(api::read_document(text.substr(0, text.find("\n---\n") + 1)));
        role_["metadata"] = {{"name", name_}};
        apply(role_);
        apply({{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", name_}, {"namespace", in.ns()}}}});
        apply({{"apiVersion", "rbac.authorization.k8s.io/v1"},
               {"kind", "ClusterRoleBinding"},
               {"metadata", {{"name", name_}}},
               {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", name_}}},
               {"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", name_}, {"namespace", in.ns()}}})}});
    }
    ~Rights() {
        Cluster::get().kubectl({"delete", "clusterrole,clusterrolebinding", name_});
        std::filesystem::remove(file());
    }
    Rights(const Rights&) = delete;
    Rights& operator=(const Rights&) = delete;

    const std::string& name() const { return name_; }  // Of its ServiceAccount.

    // The path of a kubeconfig with these rights.
    std::string kubeconfig() const {
        const Json admin = Json::parse(in_.kubectl({"config", "view", "--raw", "-o", "json"}).output);
        std::string token = in_.kubectl({"create", "token", name_, "--duration", "2h"}).output;
        token.erase(token.find_last_not_of('\n') + 1);
        const Json config{{"apiVersion", "v1"},
                          {"kind", "Config"},
                          {"current-context", "c"},
                          {"clusters", Json::array({{{"name", "c"}, {"cluster", admin.at("clusters").at(0).at("cluster")}}})},
                          {"users", Json::array({{{"name", "u"}, {"user", {{"token", token}}}}})},
                          {"contexts", Json::array({{{"name", "c"}, {"context", {{"cluster", "c"}, {"user", "u"}}}}})}};
        support::write_file(file(), config.dump());
        return file();
    }

    void take(const std::string& resource, const std::vector<std::string>& verbs) const {
        Json less = role_;
        Json rules = Json::array();
        for (Json& rule : less["rules"]) {
            Json others = rule;
            std::erase(others["resources"].get_ref<Json::array_t&>(), Json(resource));
            if (!others["resources"].empty()) rules.push_back(others);
            if (others["resources"].size() == rule["resources"].size()) continue;
            Json left = rule;
            left["resources"] = Json::array({resource});
            for (const std::string& verb : verbs) std::erase(left["verbs"].get_ref<Json::array_t&>(), Json(verb));
            if (!left["verbs"].empty()) rules.push_back(left);
        }
        less["rules"] = rules;
        apply(less);
    }
    void restore() const { apply(role_); }

private:
    std::string file() const { return Cluster::get().scratch() + "/" + name_ + ".kubeconfig"; }

    static void apply(const Json& object) {
        const support::Finished applied =
            Cluster::get().kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, object.dump());
        EXPECT_EQ(applied.status, 0) << applied.output;
    }

    const Operated& in_;
    std::string name_;
    Json role_;
};

}  // namespace apiserver
