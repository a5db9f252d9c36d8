// The commands that work on a file: each returns the process's exit status.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <iosfwd>
#include <string>
#include <vector>

namespace client {
class Client;
}

namespace cli {

// 0: fine, 1: the document is wrong (or, of diff, there are differences), 2: the command could not do its work.
enum Exit : int { kOk = 0, kWrong = 1, kFailed = 2 };

struct RenderOptions {
    std::string file;                  // "-": standard input.
    std::string ns;                    // For a document that names no namespace.
    std::vector<std::string> without;  // API groups that the cluster is taken to lack.
    bool generate_secrets = false;
};

// Prints every object of the platform as YAML documents, in the order of application. Throws std::runtime_error where `without`
// names no API group that a cluster may lack.
int render(const RenderOptions& options, std::ostream& out, std::ostream& err);

// Lists every problem, a line each: "FILE: FIELD: MESSAGE".
int validate(const std::string& file, std::ostream& out, std::ostream& err);

// Prints what applying the file would change on the cluster, by server-side dry run: the platform, and then each object that the
// operator would create (+), change (~) or delete (-). Values of Secrets are never shown.
boost::asio::awaitable<int> diff(std::string file, std::string ns, client::Client& client, std::ostream& out, std::ostream& err);

// What the platform of a file promises, as text or as a page of HTML.
int report(const std::string& file, bool html, std::ostream& out, std::ostream& err);

// What a cluster holds of the platform of that name, or of the namespace's one where `name` is empty.
boost::asio::awaitable<int> report(std::string name, std::string ns, bool html, client::Client& client, std::ostream& out,
                                   std::ostream& err);

}  // namespace cli
