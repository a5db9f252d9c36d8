# Building container images with what is there: Docker, Podman or Buildah. An image becomes an archive, which `ctr images import` and
# the registry of a cluster with real nodes (hack/nodes/registry) read.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh

# shellcheck disable=SC2034 # IMAGES and APT are used by hack/images.
IMAGES=$ROOT/build/images # Of the programs of this checkout.
BASE=$(sed -n 's/^ARG BASE=//p' "$ROOT/Dockerfile")
LOCAL_BASE=localhost/ecommerce-platform/debian:bookworm
APT=() # Options for a build that installs packages, where the base is one of our own.

# Says in BUILDER what builds; installs Buildah where there is nothing and we may.
find_builder() {
  [ -z "${BUILDER:-}" ] || return 0
  if [ -n "${ECP_BUILDER:-}" ]; then
    BUILDER=$ECP_BUILDER
  elif docker info >/dev/null 2>&1; then
    BUILDER=docker
  elif command -v podman >/dev/null; then
    BUILDER=podman
  else
    [ "$(id -u)" = 0 ] || die "needs Docker, Podman, or root to use Buildah"
    "$ROOT/hack/setup" images
    BUILDER=buildah
  fi
}

# with_builder COMMAND ARGUMENT…
with_builder() {
  case $BUILDER in
    buildah) buildah "$@" ;;
    *) "$BUILDER" "$@" ;;
  esac
}

# build_image REFERENCE FOLDER [OPTION…]: builds what FOLDER/Dockerfile or the option --file says.
build_image() {
  local reference=$1 folder=$2 options=()
  shift 2
  # What runs during a build is ours: a change of root isolates it enough, and works inside of a container too.
  [ "$BUILDER" != buildah ] || options=(--isolation chroot --network host --timestamp 0)
  with_builder build --quiet "${options[@]}" --tag "$reference" "$@" "$folder" >/dev/null
}

# save_image REFERENCE FILE
save_image() {
  mkdir -p "$(dirname "$2")"
  rm -f "$2.new"
  case $BUILDER in
    docker)
      docker save --output "$2.new" "$1"
      tar -tf "$2.new" index.json >/dev/null 2>&1 || die "this Docker saves no OCI layout, as version 25 does: update it, or set ECP_BUILDER=buildah"
      ;;
    podman) podman save --quiet --format oci-archive --output "$2.new" "$1" ;;
    buildah)
      buildah push --quiet --format oci "$1" "oci-archive:$2.new:$1"
      buildah rmi "$1" >/dev/null # The archive is all that is needed of it.
      ;;
  esac
  mv "$2.new" "$2"
}

# Says in BASE an image of Debian 12: the official one, or one made of Debian's packages where that cannot be had.
find_base() {
  find_builder
  [ "$BUILDER" = buildah ] || return 0 # The others fetch it themselves.
  if buildah inspect --type image "$BASE" >/dev/null 2>&1; then return; fi
  if ! buildah inspect --type image "$LOCAL_BASE" >/dev/null 2>&1; then
    if timeout 60 buildah pull --quiet "$BASE" >/dev/null 2>&1; then return; fi
    slowly "making a Debian to build from, since $BASE cannot be had" 45 make_base
  fi
  BASE=$LOCAL_BASE
  # This machine's own settings for apt, seen during the build and not kept.
  # shellcheck disable=SC2034
  APT=(--volume /etc/apt:/etc/apt:O)
}

make_base() {
  local folder container mirror
  # shellcheck disable=SC2016 # apt-get expands them.
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
  [ -n "$mirror" ] || die "apt's settings name no mirror of Debian 12"
  folder=$(mktemp -d)
  debootstrap --variant=minbase bookworm "$folder" "$mirror"
  rm -rf "$folder"/var/cache/apt/* "$folder"/var/lib/apt/lists/* "$folder"/var/log/*
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$folder" /
  buildah config --cmd /bin/bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit --quiet --rm "$container" "$LOCAL_BASE"
  rm -rf "$folder"
}

# folder_digest FOLDER: twelve digits that change with what is in it.
folder_digest() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-12; }
