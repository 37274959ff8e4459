#!/bin/sh
# trim.sh FOLDER: takes from a folder of wheels what no image needs: their tests, their programs, bytecode of whoever installed
# them, and where and when each was fetched. Both ways to an image call it, and so hold the same files.
set -eu
find "$1" -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +
rm -rf "$1/bin" "$1/.lock"
find "$1" \( -path '*.dist-info/direct_url.json' -o -path '*.dist-info/uv_cache.json' -o -path '*.dist-info/RECORD' \
  -o -path '*.dist-info/REQUESTED' -o -path '*.dist-info/INSTALLER' \) -delete
