# The images of the operator, the six services and the simulated payment provider, a target each:
#   docker build --target catalog-service -t catalog-service .
# An image holds its program, exactly the files of Debian that the program needs, and a list of them (/usr/share/sbom); no shell, no
# package manager. hack/images builds them all, and without access to a registry builds the last stages from programs built outside.

# A digest pins it: --build-arg BASE=docker.io/library/debian@sha256:… Nothing of it but what programs need gets into an image, and
# that is brought up to date first.
ARG BASE=docker.io/library/debian:bookworm-20250520-slim

FROM ${BASE} AS build
WORKDIR /src
COPY hack/lib.sh hack/setup hack/
RUN apt-get update -q && apt-get upgrade -q -y && hack/setup build \
    && apt-get install -q -y --no-install-recommends ca-certificates tzdata && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY hack/build hack/image-roots hack/
COPY crds crds
COPY operator operator
COPY services services
RUN --mount=type=cache,target=/root/.cache/ccache hack/build release
ARG VERSION=unknown
RUN hack/image-roots --version "${VERSION}" /images build/bin/*

# What all images have in common.
FROM scratch AS common
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="EcommercePlatform" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /
USER 10001:10001

FROM common AS ecommerce-operator
COPY --from=build /images/ecommerce-operator /
LABEL org.opencontainers.image.title="ecommerce-operator" \
      org.opencontainers.image.description="Keeps e-commerce platforms on Kubernetes as an EcommercePlatform declares them"
EXPOSE 8080
ENTRYPOINT ["/usr/bin/ecommerce-operator"]
CMD ["run"]

FROM common AS user-service
COPY --from=build /images/user-service /
LABEL org.opencontainers.image.title="user-service" \
      org.opencontainers.image.description="Accounts, sign-in and tokens"
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/user-service"]
CMD ["serve"]

FROM common AS catalog-service
COPY --from=build /images/catalog-service /
LABEL org.opencontainers.image.title="catalog-service" \
      org.opencontainers.image.description="Products, search and recommendations"
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/catalog-service"]
CMD ["serve"]

FROM common AS inventory-service
COPY --from=build /images/inventory-service /
LABEL org.opencontainers.image.title="inventory-service" \
      org.opencontainers.image.description="Stock and reservations"
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/inventory-service"]
CMD ["serve"]

FROM common AS order-service
COPY --from=build /images/order-service /
LABEL org.opencontainers.image.title="order-service" \
      org.opencontainers.image.description="Carts, checkout and orders"
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/order-service"]
CMD ["serve"]

FROM common AS payment-service
COPY --from=build /images/payment-service /
LABEL org.opencontainers.image.title="payment-service" \
      org.opencontainers.image.description="Authorisation, capture and ledger"
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/payment-service"]
CMD ["serve"]

FROM common AS api-gateway
COPY --from=build /images/api-gateway /
LABEL org.opencontainers.image.title="api-gateway" \
      org.opencontainers.image.description="The only door to the shop"
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/api-gateway"]
CMD ["serve"]

FROM common AS payment-provider-simulator
COPY --from=build /images/payment-provider-simulator /
LABEL org.opencontainers.image.title="payment-provider-simulator" \
      org.opencontainers.image.description="A payment provider for tests, with faults on request"
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/payment-provider-simulator"]
CMD ["serve"]
