"""Situations of a platform as promtool's tests: what its gateway counts, and exactly which alerts must fire then.

Each begins with days in which all is well, so that long windows know better times. A burn is how many times faster than the objectives
allow in the long run requests go wrong, by failing and by being slow alike.
"""

REQUESTS = 10000  # A step.
ERRORS_ALLOWED = REQUESTS // 1000  # errorRatePercent "0.1"
SLOW_ALLOWED = REQUESTS // 100     # latencyP99
GATEWAY = 'namespace="shop",service="shop-gateway"'


def counting(good_steps, bad_steps, good, bad, more_steps=0):
    """A counter that grows by `good` a step, then by `bad`, then by `good` again."""
    turn, end = good * good_steps, good * good_steps + bad * bad_steps
    return f"0+{good}x{good_steps} {turn + bad}+{bad}x{bad_steps - 1} {end + good}+{good}x{more_steps}"


def situation(name, step, good, bad, burn, alerts, after=0):
    """`step`, the rest in steps: so many that are good, so many with a burn, then `after` good ones; `alerts` fire at the end, as
    (severity, window), for failed and for slow requests alike."""
    def series(metric, labels, usual, burning):
        return {"series": f"{metric}{{{GATEWAY}{labels}}}", "values": counting(good, bad, usual, burning, after)}

    count = "http_request_duration_seconds"
    return {
        "name": name, "interval": f"{step}m",
        "input_series": [
            {"series": f"up{{{GATEWAY}}}", "values": f"1x{good + bad + after}"},
            series("http_requests_total", ',status="200"', REQUESTS, int(REQUESTS - ERRORS_ALLOWED * burn)),
            series("http_requests_total", ',status="503"', 0, int(ERRORS_ALLOWED * burn)),
            series(f"{count}_count", "", REQUESTS, REQUESTS),
            series(f"{count}_bucket", ',le="0.5"', REQUESTS, int(REQUESTS - SLOW_ALLOWED * burn))],
        "promql_expr_test": [{"expr": 'count by (alertname, severity, window) (ALERTS{alertstate="firing"})',
                              "eval_time": f"{(good + bad + after) * step}m",
                              "exp_samples": [{"labels": f'{{alertname="{alert}",severity="{severity}",window="{window}"}}', "value": 1}
                                              for alert in ("EcommercePlatformErrors", "EcommercePlatformSlow")
                                              for severity, window in alerts]}]}


DAY, HOUR = 24 * 60, 60  # In minutes.

SITUATIONS = [
    situation("nothing fires while half of the budget is used", 5, 3 * DAY // 5, DAY // 5, 0.5, []),
    situation("a burst is too short", 1, DAY, 30, 20, []),
    situation("20 times as fast, for 50 minutes", 1, DAY, 50, 20, [("critical", "1h")]),
    situation("20 times as fast, and over for 15 minutes", 1, DAY, 50, 20, [], after=15),
    situation("10 times as fast, for 4 hours", 1, DAY, 4 * HOUR, 10, [("critical", "6h")]),
    situation("5 times as fast, for 16 hours", 5, 3 * DAY // 5, 16 * HOUR // 5, 5, [("warning", "1d")]),
    situation("twice as fast, for 40 hours", 5, 3 * DAY // 5, 40 * HOUR // 5, 2, [("warning", "3d")]),
]

SILENCE = {
    "name": "a gateway of which nothing is known", "interval": "1m",
    "input_series": [{"series": f"up{{{GATEWAY}}}", "values": "1x10 0x20"}],
    "promql_expr_test": [
        {"expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": "15m", "exp_samples": []},
        {"expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": "30m",
         "exp_samples": [{"labels": '{alertname="EcommercePlatformSilent"}', "value": 1}]}]}

TESTS = {"evaluation_interval": "5m", "tests": [*SITUATIONS, SILENCE]}
