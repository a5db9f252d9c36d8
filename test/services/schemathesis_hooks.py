"""What schemathesis can't know of the services: which rules no schema can tell, and which calls would spoil the rest of a run.

The environment has USER_URL, SIMULATOR_URL, SCHEMA_LOGIN (a customer's e-mail address and password as JSON), and SCHEMA_TOKEN (that
customer's).
"""

import json
import os

import requests
import schemathesis
from schemathesis.specs.openapi import definitions


def refused_fields(response):
    """The (field, message) of each error in a problem document."""
    try:
        problem = json.loads(response.content)
    except ValueError:
        return []
    return [(error["field"], error["message"]) for error in problem.get("errors", [])]


# Status, and of which operations, and what the answer must be about, so that a valid request may be refused so. Anything else stays
# a finding.
EXCUSED = [
    # A cursor counts only for the list that gave it; another is refused as what it is, a wrong parameter.
    (400, {"listProducts", "searchProducts"}, lambda fields: [name for name, _ in fields] == ["cursor"]),
    # Each line is of another SKU; JSON Schema can only ask for lines that differ as a whole.
    (400, {"reserve"}, lambda fields: fields and all(message == "stands in another line too" for _, message in fields)),
    # The product has changed since the ETag, which is random mostly.
    (412, {"replaceProduct"}, lambda fields: not fields),
    # The key was used for another request before, or the order has a reservation with other lines.
    (422, {"checkOut", "authorizePayment", "authorize", "capture", "void", "refund", "reserve"}, lambda fields: not fields),
]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """What is no OpenAPI is a finding as well; schemathesis itself makes the best of it."""
    definitions.OPENAPI_30_VALIDATOR.validate(raw_schema)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    operation = case.operation.definition.raw.get("operationId")
    return not any(
        response.status_code == status and operation in operations and fits(refused_fields(response))
        for status, operations, fits in EXCUSED
    )


@schemathesis.auth(refresh_interval=None)
class Customer:
    """All calls are made in one session, but for a logout, which ends one of its own."""

    def get(self, case, context):
        if case.operation.definition.raw.get("operationId") != "logout":
            return os.environ["SCHEMA_TOKEN"]
        login = json.loads(os.environ["SCHEMA_LOGIN"])
        return requests.post(os.environ["USER_URL"] + "/api/v1/login", json=login, timeout=20).json()["token"]

    def set(self, case, data, context):
        if case.operation.definition.raw.get("security"):
            case.headers["Authorization"] = "Bearer " + data


@schemathesis.hook
def after_call(context, case, response):
    """The provider's faults are what was asked for: they end before the next call."""
    if case.path == "/admin/faults" and case.method == "PUT" and response.status_code == 200:
        none = {"slow_share": 0, "slow_ms": 0, "error_after_share": 0, "lost_share": 0, "seed": 0}
        requests.put(os.environ["SIMULATOR_URL"] + "/admin/faults", json=none, timeout=20).raise_for_status()
