"""The template of a runtime specification for who names no other."""

TEMPLATE = """\
# Runtime Specification of {{ canonical }}, regenerated

This text was made from a template and from what a migration recorded. It decides nothing: where
it and a document above it differ, the document holds.

## 1. What was consolidated

The package `{{ legacy }}` was retired; `{{ canonical }}` takes its place below `{{ source_root }}`.
All that the migration could change was captured before as AMU0 `{{ amu0 }}`.
The configuration was `{{ configuration }}`.

## 2. States of the attempt

{{ states }}

## 3. Public entry points

{{ entry_points }}

## 4. Modules ({{ module_count }})

{{ modules }}

## 5. References rewritten ({{ rewritten }})

{{ rules }}

## 6. Gates: {{ gate_status }}

{{ gates }}

Waivers:

{{ waivers }}

## 7. Manifests

{{ manifests }}
"""
