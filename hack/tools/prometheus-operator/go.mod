// Nothing is built of this module: its files of custom resource definitions are copied.
module ecommerceplatform.io/hack/prometheus-operator

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
