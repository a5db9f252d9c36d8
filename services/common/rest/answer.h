// What the bytes of an answer say, however wrong they are. Internal to rest.
#pragma once

#include "common/rest/rest_client.h"
#include "common/rest/transport.h"

namespace rest {

// Its body is null where it is no JSON, or nests deeper than any answer of a service: whoever copies or writes JSON recurses.
Answer answer_of(Exchange exchange);

// "Retry-After" in seconds, as our services write it; the form with a date counts as none.
base::Duration retry_after(const Answer& answer);

}  // namespace rest
