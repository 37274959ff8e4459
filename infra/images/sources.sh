# Sourced: what every image takes from this checkout.
sources() { # FROM INTO: without bytecode of other Pythons
  mkdir -p "$2"
  tar -C "$1" --exclude=__pycache__ --exclude='*.pyc' -cf - . | tar -C "$2" --no-same-owner -xf -
}
