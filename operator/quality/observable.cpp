#include "api/names.h"
#include "api/profile.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

std::string cure_of_reading(const Case& of) {
    if (of.platform.spec.prometheus) {
        return "Its /targets says why: kubectl port-forward -n " + of.platform.key.ns + " " +
               api::child_name(of.platform.key.name, api::kPrometheus) + "-0 9090.";
    }
    return "Have it select ServiceMonitor " + api::child_name(of.platform.key.name, "metrics") +
           " (its serviceMonitorSelector and serviceMonitorNamespaceSelector), and reach the pods: with networkIsolation Strict, "
           "spec.quality.observability.prometheusNamespace must be where it runs. Its /targets says more.";
}

std::string cure_of_alerts(const Case& of) {
    if (of.platform.spec.prometheus) return "Its log says why it did not take them: its pod has to start anew.";
    return "Have it select PrometheusRule " + api::child_name(of.platform.key.name, "objectives") +
           " (its ruleSelector and ruleNamespaceSelector). Its /rules shows what it has.";
}

// What the Prometheus says itself.
Finding reading(const Case& of) {
    const std::string url = api::prometheus_url(of.platform);
    if (url.empty()) {
        return unknown("", "what is to be read is there, and no Prometheus is known that could be asked whether it reads it",
                       "Set spec.quality.observability.prometheusUrl to that of the Prometheus, such as "
                       "http://prometheus-operated.monitoring.svc:9090.");
    }
    if (!of.seen.measured) {
        return unknown("", "this operator does not reach the platform's own Prometheus, as it runs outside the cluster",
                       "Run it in the cluster (config/default).");
    }
    const std::string prometheus = "Prometheus at " + url;
    const std::optional<Scraping>& said = of.seen.measured->scraping;
    if (!said) return unknown("", prometheus + " has not been asked yet", "Wait for some seconds.");
    if (!said->problem.empty()) {
        return unknown("", prometheus + " does not tell what it reads: " + said->problem,
                       "See to it that it runs and that the operator reaches it.");
    }
    std::vector<std::string> waiting;
    std::vector<std::string> unread;
    std::vector<std::string> awaited;
    const auto sort_in = [&](const std::vector<std::string>& services, std::vector<std::string>& those_available) {
        for (const std::string& service : services) {
            const Workload* workload = of.seen.workload_of(service);
            (workload && workload->available > 0 ? those_available : waiting).push_back(service);
        }
    };
    sort_in(said->unread, unread);
    sort_in(said->awaited, awaited);
    if (!unread.empty()) return hurt("", prometheus + " reads no pod of " + listed(unread), cure_of_reading(of));
    if (!said->alerts && !said->alerts_awaited) return hurt("", prometheus + " has not loaded the alerts", cure_of_alerts(of));
    if (!waiting.empty()) return unknown("", "no pod is available of " + listed(waiting), "Wait until one is, or see Ready.");
    const std::string cure_of_awaited = "Wait for two minutes, in which it finds new pods and takes up what it is told.";
    if (!awaited.empty()) return unknown("", prometheus + " does not read yet " + listed(awaited), cure_of_awaited);
    if (!said->alerts) return unknown("", prometheus + " has not loaded the alerts yet", cure_of_awaited);
    return kept("", prometheus + " reads every service and has loaded the alerts");
}

Finding own_prometheus(const Case& of) {
    const std::string name(api::kPrometheus);
    Finding objects = of_every_object(
        of,
        [](const Declared& object) {
            const bool tells_addresses = object.kind == "Service" && object.name.ends_with("-headless");
            return object.component == api::kPrometheus || (is_service(object.component) && tells_addresses);
        },
        "");
    if (objects.held != Held::True) return objects;
    const Workload* workload = of.seen.workload_of(name);
    if (!workload || workload->observed_generation < workload->generation) {
        return unknown("", "the platform's own Prometheus has not been started yet", "Wait until it is.");
    }
    if (workload->is_whole()) return reading(of);
    if (!workload->is_stuck()) {
        return unknown("", "the platform's own Prometheus is not ready yet",
                       "Wait until it is, or for five minutes to be told why.");
    }
    return hurt("", "the platform's own Prometheus is not ready: " + workload->failure,
                "Bring its pod back to health: kubectl describe pod -n " + of.platform.key.ns + " " +
                    api::child_name(of.platform.key.name, name) + "-0.");
}

std::string agent_off() {
    return "set spec.quality.observability.logging.agent to None";
}

// What the administrator's folder makes of the namespace.
std::string prepared(const std::string& ns) {
    const std::string command = "kubectl apply --server-side -k config/logging";
    return ns == api::kLoggingNamespace ? command : command + ", with namespace " + ns + " in its kustomization.yaml";
}

Finding agent_on_each_node(const Case& of) {
    const api::Logging& logging = of.platform.spec.logging;
    if (!of.seen.log_agent_refused.empty()) {
        return hurt(
            "",
            "logs stay on their nodes, since no Fluent Bit can run in namespace " + logging.ns + ": " + of.seen.log_agent_refused,
            "Have an administrator of the cluster prepare it: " + prepared(logging.ns) + "; or " + agent_off() + ".");
    }
    Finding object = of_every_object(
        of, [](const Declared& each) { return each.component == api::kFluentBit; },
        "a Fluent Bit is ready on every node, and told to take the logs to " + logging.endpoint);
    if (object.held != Held::True) return object;
    const Workload* workload = of.seen.workload_of(api::kFluentBit);
    if (!workload || workload->observed_generation < workload->generation || workload->desired == 0) {
        return unknown("", "no node has been told to run a Fluent Bit yet", "Wait until one is.");
    }
    if (workload->available >= workload->desired && workload->updated >= workload->desired) return object;
    if (!workload->is_stuck()) {
        return unknown("", "not every node has a Fluent Bit that is ready and up to date yet",
                       "Wait until each has, or for five minutes to be told why not.");
    }
    return hurt("", "not every node has a Fluent Bit that is ready: " + workload->failure,
                "Bring its pods to health, which it names: kubectl describe daemonset,pods -n " + logging.ns + " -l " +
                    std::string(api::kNamespaceLabel) + "=" + of.platform.key.ns + ".");
}

// What the gateway counts, by which a span begins of every trace.
Finding taking(const Case& of, const std::string& told) {
    const api::Tracing& tracing = of.platform.spec.tracing;
    if (tracing.sampling_percent == 0) {
        return unknown("", told, "Set spec.quality.observability.tracing.samplingPercent above 0.");
    }
    if (!of.seen.measured) {
        return unknown("", told + ", and this operator does not see whether they are taken, as it runs outside the cluster",
                       "Run it in the cluster (config/default), or name a Prometheus that it reaches, as "
                       "spec.quality.observability.prometheusUrl.");
    }
    if (!of.seen.measured->spans_taken) {
        return unknown("", told + ", and the gateway was not seen to send any",
                       "Wait until customers come; the promise Objectives says whether the gateway's metrics can be read.");
    }
    if (*of.seen.measured->spans_taken) return kept("", told + ", and the last were taken");
    return hurt("", told + ", and the last were not taken",
                "Have something take OTLP over HTTP there (POST /v1/traces) that the pods reach, or set "
                "spec.quality.observability.tracing.endpoint to where it is.");
}

}  // namespace

Findings metrics(const Case& of) {
    if (of.platform.spec.prometheus) return {own_prometheus(of)};
    if (of.platform.spec.metrics == api::Metrics::None) return {};
    if (of.platform.spec.metrics == api::Metrics::Annotations) {
        return {of_every_pod(
            of, is_service, [](const Pod& pod) { return pod.scraped; },
            "the pods of every service offer their metrics to Prometheus",
            "pods without the annotation prometheus.io/scrape: ", "Let the rollout finish that gives it to them.")};
    }
    if (const auto missing = of_missing_api(of, "spec.quality.observability.metrics")) return {*missing};
    const Finding objects = of_every_object(
        of, [](const Declared& object) { return object.kind == "ServiceMonitor" || object.kind == "PrometheusRule"; }, "");
    return {objects.held == Held::True ? reading(of) : objects};
}

Findings logs(const Case& of) {
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "ConfigMap" && is_service(object.component); },
        "services are told to log as " + of.platform.spec.configuration.log_format + " from level " +
            of.platform.spec.configuration.log_level)};
}

Findings dashboards(const Case& of) {
    if (!of.platform.spec.dashboards) return {};
    return {of_every_object(
        of, [](const Declared& object) { return object.component == "dashboards"; }, "the dashboards are there for Grafana")};
}

Findings tracing(const Case& of) {
    const api::Tracing& tracing = of.platform.spec.tracing;
    if (tracing.endpoint.empty()) return {};
    const std::string told =
        "services are told to send " + std::to_string(tracing.sampling_percent) + " % of traces to " + tracing.endpoint;
    const Finding objects = of_every_object(
        of, [](const Declared& object) { return object.kind == "Deployment"; }, told);
    if (objects.held != Held::True) return {objects};
    return {taking(of, told)};
}

Findings log_shipping(const Case& of) {
    Findings findings;
    switch (of.platform.spec.logging.agent) {
        case api::LogAgent::DaemonSet:
            return {agent_on_each_node(of)};  // Whose words those of a refusal are.
        case api::LogAgent::Sidecar:
            findings.push_back(of_every_pod(
                of, is_service, [](const Pod& pod) { return pod.shipped; },
                "beside every service runs a Fluent Bit, told to take its logs to " + of.platform.spec.logging.endpoint,
                "pods without a Fluent Bit that runs: ",
                "Let the rollout finish that gives it to them, or see why it fails: kubectl logs -n " + of.platform.key.ns +
                    " POD -c " + std::string(api::kFluentBit) + "."));
            break;
        case api::LogAgent::None:
            break;
    }
    if (!of.seen.log_agent_refused.empty()) {
        findings.push_back(hurt("", "the DaemonSet of before is still there: " + of.seen.log_agent_refused,
                                "Give the operator its rights back, or delete the DaemonSet."));
    }
    return findings;
}

}  // namespace quality
