// Nothing is built of this module: its files of custom resource definitions are copied.
module ecommerceplatform.io/hack/gateway-api

go 1.26.0

require sigs.k8s.io/gateway-api v1.6.3
