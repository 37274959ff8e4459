# Sourced: what every image takes from this checkout.
sources() { # FROM INTO: without bytecode of other Pythons
  mkdir -p "$2"
  tar -C "$1" --exclude=__pycache__ --exclude='*.pyc' -cf - . | tar -C "$2" --no-same-owner -xf -
}
named() { # PYPROJECT INTO: by what lies in INTO a Python finds our name and version, as if it had been installed
  local version folder
  version="$(sed -n 's/^version = "\(.*\)"$/\1/p' "$1")"
  folder="$2/quarterdeck-$version.dist-info"
  mkdir -p "$folder"
  printf 'Metadata-Version: 2.1\nName: quarterdeck\nVersion: %s\n' "$version" >"$folder/METADATA"
}
