#!/usr/bin/env bash
# Loads images into the running node: load.sh NAME|ARCHIVE...   (NAME: pause, agent, platform, … made by images/build.sh)
# An archive that is loaded already costs nothing.
. "$(dirname "$0")/lib.sh"
mkdir -p "$QD_STATE/loaded"
for what in "$@"; do
  archive="$what"
  [ -f "$archive" ] || archive="$QD_IMAGES/$what.tar"
  [ -f "$archive" ] || die "there is no image $what: run images/build.sh $what"
  mark="$QD_STATE/loaded/$(basename "$archive")" digest="$(cat "${archive%.tar}.digest" 2>/dev/null || sha256sum <"$archive")"
  [ "$(cat "$mark" 2>/dev/null)" = "$digest" ] && continue
  $CTR images import --local "$archive" >/dev/null 2>&1 || $CTR images import "$archive" >/dev/null
  echo "$digest" >"$mark"
  say "image $(basename "$archive" .tar) loaded"
done
