#!/usr/bin/env zsh
# catalog_lookup.zsh TOOL: print where a tool of the catalog lies; exit 1 if it is not in it.
# It keeps to what zsh and sh have in common.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
tool="${1:?usage: catalog_lookup.zsh TOOL}"
found=$(awk -v tool="$tool" '
  $1 == "-" { mine = ($3 == tool) }
  mine && $1 == "path:" { print $2; exit }
' "$top/core_brain/catalog/registry.yaml")
if [ -z "$found" ]; then
  printf 'catalog_lookup: %s is not in the catalog\n' "$tool" >&2
  exit 1
fi
printf '%s/%s\n' "$top" "$found"
