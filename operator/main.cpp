// The command line: what each command takes, and which function does it.
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>

#include "cli/commands.h"
#include "client/client.h"
#include "client/config.h"
#include "common/base/log.h"
#include "run.h"

namespace {

struct ClusterOptions {
    std::string kubeconfig;
    std::string context;
};

void add_cluster_options(CLI::App& command, ClusterOptions& options) {
    command.add_option("--kubeconfig", options.kubeconfig,
                       "Kubeconfig file (default: $KUBECONFIG, the pod's service account, ~/.kube/config)");
    command.add_option("--context", options.context, "Context of the kubeconfig (default: the current one)");
}

// Runs a command on the cluster; `ns` becomes the context's where it is empty.
int on_cluster(const ClusterOptions& cluster, std::string& ns,
               const std::function<boost::asio::awaitable<int>(client::Client&)>& command) {
    boost::asio::io_context io(1);
    const client::Config config = client::load_config(cluster.kubeconfig, cluster.context);
    if (ns.empty()) ns = config.default_namespace;
    client::Client client(io, config, nullptr);
    int status = cli::kFailed;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, command(client), [&](std::exception_ptr error, int result) {
        failure = std::move(error);
        status = result;
        client.close();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Keeps e-commerce platforms on Kubernetes as an EcommercePlatform declares them.", "ecommerce-operator");
    app.require_subcommand(1);
    int status = cli::kOk;

    RunOptions run_options;
    run_options.version = ECOMMERCE_OPERATOR_VERSION;
    ClusterOptions run_cluster;
    std::string log_level = "info";
    CLI::App& run_command = *app.add_subcommand("run", "Run the controller until a signal ends it");
    add_cluster_options(run_command, run_cluster);
    run_command.add_option("--listen", run_options.listen, "Address of /metrics, /livez and /readyz")->capture_default_str();
    run_command.add_option("--watch-namespace", run_options.watch_namespace, "Watch this namespace alone (default: all)");
    run_command.add_flag("!--no-leader-elect", run_options.leader_elect, "Work without a lease: this is the only replica");
    run_command.add_option("--lease-namespace", run_options.lease_namespace,
                           "Namespace of the Lease (default: the operator's own)");
    run_command.add_option("--lease-name", run_options.lease_name, "Name of the Lease")->capture_default_str();
    run_command.add_option("--workers", run_options.workers, "Platforms reconciled at the same time")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    run_command.add_option("--log-level", log_level, "debug, info, warn or error")
        ->capture_default_str()
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    run_command.callback([&] {
        const base::Log log(std::cerr, *base::level_from(log_level));
        run_options.config = client::load_config(run_cluster.kubeconfig, run_cluster.context);
        run_options.config.user_agent = "ecommerce-operator/" + run_options.version + " (linux)";
        status = run(run_options, log);
    });

    cli::RenderOptions render_options;
    render_options.ns = "default";
    CLI::App& render_command = *app.add_subcommand("render", "Print every object of a platform; needs no cluster");
    render_command.add_option("-f,--file", render_options.file, "EcommercePlatform in YAML or JSON; - is standard input")
        ->required();
    render_command.add_option("-n,--namespace", render_options.ns, "Namespace, where the file names none")->capture_default_str();
    render_command.add_option("--without", render_options.without, "API group that the cluster lacks (may be repeated)");
    render_command.add_flag("--generate-secrets", render_options.generate_secrets,
                            "Add the generated Secrets, with fresh values");
    render_command.callback([&] { status = cli::render(render_options, std::cout, std::cerr); });

    std::string validate_file;
    CLI::App& validate_command = *app.add_subcommand("validate", "List every problem of a file; needs no cluster");
    validate_command.add_option("-f,--file", validate_file, "EcommercePlatform in YAML or JSON; - is standard input")->required();
    validate_command.callback([&] { status = cli::validate(validate_file, std::cout, std::cerr); });

    std::string diff_file;
    std::string diff_namespace;
    ClusterOptions diff_cluster;
    CLI::App& diff_command = *app.add_subcommand("diff", "Print what applying a file would change on the cluster");
    diff_command.add_option("-f,--file", diff_file, "EcommercePlatform in YAML or JSON; - is standard input")->required();
    diff_command.add_option("-n,--namespace", diff_namespace, "Namespace, where the file names none (default: the context's)");
    add_cluster_options(diff_command, diff_cluster);
    diff_command.callback([&] {
        status = on_cluster(diff_cluster, diff_namespace, [&](client::Client& client) {
            return cli::diff(diff_file, diff_namespace, client, std::cout, std::cerr);
        });
    });

    std::string report_file;
    std::string report_name;
    std::string report_namespace;
    bool report_html = false;
    ClusterOptions report_cluster;
    CLI::App& report_command =
        *app.add_subcommand("report", "Print what a platform promises (of a file) or whether it holds (of a cluster)");
    report_command.add_option("name", report_name, "EcommercePlatform on the cluster (default: the namespace's one)");
    CLI::Option* const of_file =
        report_command.add_option("-f,--file", report_file, "EcommercePlatform in YAML or JSON; - is standard input");
    report_command.add_option("-n,--namespace", report_namespace, "Namespace on the cluster (default: the context's)");
    report_command.add_flag("--html", report_html, "A page of HTML instead of text");
    add_cluster_options(report_command, report_cluster);
    report_command.callback([&] {
        if (*of_file) {
            status = cli::report(report_file, report_html, std::cout, std::cerr);
            return;
        }
        status = on_cluster(report_cluster, report_namespace, [&](client::Client& client) {
            return cli::report(report_name, report_namespace, report_html, client, std::cout, std::cerr);
        });
    });

    app.add_subcommand("version", "Print the version")->callback([] {
        std::cout << "ecommerce-operator " << ECOMMERCE_OPERATOR_VERSION << "\n";
    });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? cli::kOk : cli::kFailed;
    } catch (const std::exception& error) {
        std::cerr << "ecommerce-operator: " << error.what() << "\n";
        return cli::kFailed;
    }
    if (!std::cout.flush()) {
        std::cerr << "ecommerce-operator: cannot write the output\n";
        return cli::kFailed;
    }
    return status;
}
