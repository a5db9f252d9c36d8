// Nothing is built of this module: its file of custom resource definitions is copied.
module ecommerceplatform.io/hack/vertical-pod-autoscaler

go 1.26.0

require k8s.io/autoscaler/vertical-pod-autoscaler v1.8.1
