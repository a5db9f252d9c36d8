// What /metrics says of each platform's attributes: read from the statuses at each scrape.
#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "reconcile/known_platform.h"

namespace reconcile {

class AttributeMetrics final : public prometheus::Collectable {
public:
    explicit AttributeMetrics(const Platforms& platforms) : platforms_(platforms) {}

    // ecommerceplatform_attribute_status{namespace,name,attribute} and ecommerceplatform_score{namespace,name}.
    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    const Platforms& platforms_;
};

}  // namespace reconcile
