// Names that several parts must agree on: labels, annotations, children's names, field managers.
#pragma once

#include <string>
#include <string_view>

namespace api {

// Kubernetes' recommended labels, as they stand here on objects and pods: which part of the platform it is ("catalog"), what runs
// there ("catalog-service"), and its release.
inline constexpr std::string_view kComponentLabel = "app.kubernetes.io/component";
inline constexpr std::string_view kAppLabel = "app.kubernetes.io/name";
inline constexpr std::string_view kVersionLabel = "app.kubernetes.io/version";
inline constexpr std::string_view kPlatformLabel = "ecommerceplatform.io/platform";
// On children outside the platform's namespace, which no owner reference ties to it.
inline constexpr std::string_view kNamespaceLabel = "ecommerceplatform.io/namespace";
// On a generated Secret: what its values were derived from; never the values.
inline constexpr std::string_view kDigestAnnotation = "ecommerceplatform.io/digest";
// On the Secrets of the root key: how old the credentials are that come from it, and which step of their rotation they are in.
inline constexpr std::string_view kAgeAnnotation = "ecommerceplatform.io/credentials";
// On a platform, by a person: each new value asks for new credentials.
inline constexpr std::string_view kRotateAnnotation = "ecommerceplatform.io/rotate";
// On pods: digest of the Secrets and of the configuration that they read only at their start, so that a change rolls them.
inline constexpr std::string_view kSecretsAnnotation = "ecommerceplatform.io/secrets";
inline constexpr std::string_view kConfigAnnotation = "ecommerceplatform.io/config";

// On a Fluent Bit's pods: their configuration.
inline constexpr std::string_view kFluentBitAnnotation = "ecommerceplatform.io/fluent-bit";

inline constexpr std::string_view kFinalizer = "ecommerceplatform.io/cleanup";
inline const std::string kFieldManager = "ecommerce-operator";
// Writes `replicas` of Deployments alone, so that the field always has an owner when an autoscaler comes or goes.
inline const std::string kReplicasManager = "ecommerce-operator-replicas";

// A platform's name: its longest child, PLATFORM-rabbitmq-headless-0 as a host name, must fit into 63 characters.
inline constexpr std::size_t kMaxPlatformName = 32;

// "shop" and "catalog" make "shop-catalog".
std::string child_name(std::string_view platform, std::string_view part);

}  // namespace api
