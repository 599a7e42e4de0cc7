#!/usr/bin/env zsh
# catalog_lookup.zsh TOOL: print where a tool of the catalog lies; exit 1 if it is not in it.
set -eu
registry="${0:A:h:h}/core_brain/catalog/registry.yaml"
tool="${1:?usage: catalog_lookup.zsh TOOL}"
path=$(awk -v tool="$tool" '$1 == "-" && $3 == tool { found = 1; next } found && $1 == "path:" { print $2; exit }' "$registry")
[[ -n "$path" ]] || { print -u2 "catalog_lookup: $tool is not in the catalog"; exit 1 }
print -- "${registry:h:h:h}/$path"
