// From requests to HTTP, and from answers to outcomes.
#include "payment/http_provider.h"

#include <utility>

#include "payment/provider_answer.h"

namespace payment {

namespace {

rest::Request rest_request(const ProviderRequest& request) {
    rest::Request call;
    call.method = "POST";
    call.repeatable = true;
    call.headers = {{"Idempotency-Key", request.key}};
    if (request.operation == Operation::Authorize) {
        call.path = "/v1/authorizations";
        call.endpoint = call.path;
        call.body = {
            {"amount", request.amount}, {"currency", request.currency}, {"token", request.token}, {"reference", request.payment}};
    } else {
        const std::string operation(to_string(request.operation));
        call.path = "/v1/authorizations/" + request.provider_id + "/" + operation;
        call.endpoint = "/v1/authorizations/{id}/" + operation;
    }
    return call;
}

}  // namespace

Outcome HttpProvider::ask(const ProviderRequest& request, const base::Deadline& deadline, const base::TraceContext& trace) {
    try {
        const rest::Answer answer = client_.call(rest_request(request), deadline, trace);
        return outcome_of(request.operation, answer.status, answer.body);
    } catch (const rest::Unreachable&) {
        return {};  // Even where this try was not sent, an earlier one may have been.
    }
}

Provider::Found HttpProvider::look_up(const std::string& payment, const base::Deadline& deadline,
                                      const base::TraceContext& trace) {
    rest::Request request;
    request.method = "GET";
    request.path = "/v1/authorizations?reference=" + payment;
    request.endpoint = "/v1/authorizations";
    request.repeatable = true;
    try {
        const rest::Answer answer = client_.call(request, deadline, trace);
        if (answer.status != 200) return {};
        return {true, record_of(answer.body)};
    } catch (const rest::Unreachable&) {
        return {};
    }
}

}  // namespace payment
