#!/usr/bin/env bash
# bundle.sh ROOT WHEELS INTO: makes INTO/opt/deckhand from a Debian root folder (/ in a Dockerfile) and a folder of wheels.
# It is a Python, git, ripgrep, an init and their libraries, which find each other by absolute paths and so work in any
# image of this processor, whatever is or is not in it. INTO must be an empty folder. Root is needed (chroot).
set -euo pipefail
ME="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
TOP="$(cd "$ME/../.." && pwd)"
. "$ME/sources.sh"
export PYTHONHASHSEED=0
unset PYTHONDONTWRITEBYTECODE PYTHONPATH

bundle() {
  local root="$1" at="$3/opt/deckhand" py program
  py="$(cd "$root/usr/bin" && ls python3.[0-9]* | head -1)"
  mkdir -p "$at/bin" "$at/lib" "$at/git/templates"
  cp "$root/usr/bin/$py" "$at/bin/$py"
  ln -s "$py" "$at/bin/python3"; ln -s "$py" "$at/bin/python"
  sources "$root/usr/lib/$py" "$at/lib/$py"
  rm -rf "$at/lib/$py"/{ensurepip,idlelib,lib2to3,tkinter,turtledemo,pydoc_data,test,EXTERNALLY-MANAGED} "$at/lib/$py"/config-*
  sources "$2" "$at/lib/$py/dist-packages"
  for program in deckwire deckhand; do sources "$TOP/agents/$program" "$at/lib/$py/dist-packages/$program"; done
  cp "$root/usr/bin/catatonit" "$root/usr/bin/rg" "$at/bin/"
  cp "$root/bin/dash" "$at/lib/sh"
  cp "$root/usr/bin/git" "$at/git/git"
  for program in git-remote-http git-sh-setup; do cp "$root/usr/lib/git-core/$program" "$at/git/"; done
  ln -s git-remote-http "$at/git/git-remote-https"
  cp "$root/etc/ssl/certs/ca-certificates.crt" "$at/lib/"
  install -m 755 "$ME/deckhand"/* "$at/bin/"
  relocate "$root" "$at"
  mkdir -p "$3/tmp"
  chroot "$3" /opt/deckhand/bin/python -m compileall -q -j 1 --invalidation-mode unchecked-hash "/opt/deckhand/lib/$py"
  rm -rf "$3/tmp"
}
relocate() { # ROOT AT: libraries are copied beside; programs are told to look there, and nowhere else first
  local root="$1" at="$2" program loader
  find "$at" -type f \( -name '*.so' -o -name '*.so.*' -o -perm -u+x \) -print | sort | while read -r program; do
    libraries "$root" "$at" "$program"
  done
  for program in "$at"/bin/* "$at/git"/* "$at/lib/sh"; do
    loader="$( [ -L "$program" ] || patchelf --print-interpreter "$program" 2>/dev/null || true)"
    [ -n "$loader" ] || continue
    cp -nL "$root$loader" "$at/lib/"
    patchelf --set-interpreter "/opt/deckhand/lib/$(basename "$loader")" --force-rpath --set-rpath /opt/deckhand/lib "$program"
  done
}
libraries() { # ROOT AT FILE: what FILE needs, and what that needs
  local need found
  for need in $(patchelf --print-needed "$3" 2>/dev/null || true); do
    [ ! -e "$2/lib/$need" ] || continue
    found="$(find "$1"/lib/*-linux-gnu "$1"/usr/lib/*-linux-gnu "$1"/lib64 -maxdepth 1 -name "$need" 2>/dev/null | head -1)"
    [ -n "$found" ] || continue                                    # a wheel's own library, beside the one that needs it
    cp -L "$found" "$2/lib/$need"
    libraries "$1" "$2" "$found"
  done
}

bundle "${1%/}" "$2" "$3"
