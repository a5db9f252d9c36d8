#include "client/credentials.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/errors.h"
#include "client/exec_plugin.h"
#include "client/files.h"

namespace client {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds kTokenFileAge{60};  // Kubelet renews a token at 80 % of its life, which is at least 10 min.
constexpr std::chrono::seconds kEarly{30};         // Before a plugin's credential expires; less for one that lives shortly.

}  // namespace

// One run of the plugin. Written by its thread before `ended` is posted to the loop, read on the loop after it.
struct Credentials::Run {
    explicit Run(asio::io_context& io) : done(io, asio::steady_timer::time_point::max()) {}
    asio::steady_timer done;  // Cancelled at the end, which wakes all who wait.
    bool ended = false;
    std::string error;
    ExecCredential credential;
};

Credentials::Credentials(asio::io_context& io, const Config& config, milliseconds exec_limit, const base::Clock& clock)
    : io_(io), config_(config), exec_limit_(exec_limit), clock_(clock) {
    if (!config_.exec && config_.token_file.empty()) accept({config_.token, config_.client_cert_pem, config_.client_key_pem});
}

Credentials::~Credentials() = default;  // Joins the plugin's thread, after having asked it to stop.

bool Credentials::fresh() const {
    return identity_ && (!stale_at_ || clock_.now() < *stale_at_);
}

void Credentials::accept(Identity identity) {
    if (!identity_ || *identity_ != identity) identity_ = std::make_shared<const Identity>(std::move(identity));
}

void Credentials::refuse(const IdentityPtr& identity) {
    const bool renewable = config_.exec || !config_.token_file.empty();
    if (renewable && identity == identity_) stale_at_ = clock_.now();
}

void Credentials::close() {
    closed_ = true;
    if (run_) run_->done.cancel();
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();  // It looks for the stop every 20 ms, and must not outlive the loop.
}

void Credentials::read_token_file() {
    const std::string token = trimmed(read_file(config_.token_file).value_or(""));
    if (token.empty()) throw std::runtime_error("token file " + config_.token_file + ": is missing or empty");
    accept({token, config_.client_cert_pem, config_.client_key_pem});
    stale_at_ = clock_.now() + kTokenFileAge;
}

void Credentials::start_plugin() {
    run_ = std::make_shared<Run>(io_);
    // The thread owns copies of all it uses; only the loop touches this object.
    const auto work = [run = run_, &io = io_, plugin = *config_.exec, info = exec_info(config_),
                       limit = exec_limit_](const std::stop_token& stop) {
        try {
            const std::string printed = run_exec_plugin(plugin, info, limit, stop);
            run->credential = parse_exec_credential(printed, plugin.api_version);
        } catch (const std::exception& error) {
            run->error = error.what();
        }
        asio::post(io, [run] {
            run->ended = true;
            run->done.cancel();
        });
    };
    thread_ = std::jthread(work);
}

void Credentials::take_result(const Run& run) {
    const ExecCredential& got = run.credential;
    const bool certificate = !got.client_cert_pem.empty();
    accept({got.token.empty() ? config_.token : got.token, certificate ? got.client_cert_pem : config_.client_cert_pem,
            certificate ? got.client_key_pem : config_.client_key_pem});
    stale_at_.reset();
    if (!got.expires) return;
    const auto life = std::chrono::duration_cast<milliseconds>(*got.expires - clock_.wall());
    stale_at_ = clock_.now() + life - std::min<milliseconds>(kEarly, life / 4);
}

awaitable<IdentityPtr> Credentials::current() {
    const std::shared_ptr<Credentials> self = shared_from_this();
    if (closed_) throw ConnectionError("the client was closed", ConnectionError::Cause::Closed);
    if (fresh()) co_return identity_;
    if (!config_.exec) {
        read_token_file();
        co_return identity_;
    }
    if (!run_) start_plugin();
    const std::shared_ptr<Run> run = run_;
    boost::system::error_code cancelled;
    auto token = asio::redirect_error(asio::use_awaitable, cancelled);
    if (!run->ended) co_await run->done.async_wait(token);
    if (closed_) throw ConnectionError("the client was closed", ConnectionError::Cause::Closed);
    if (run_ == run) {  // The first of those who waited.
        run_.reset();
        if (run->error.empty()) take_result(*run);
    }
    if (!run->error.empty()) throw std::runtime_error(run->error);
    co_return identity_;
}

}  // namespace client
