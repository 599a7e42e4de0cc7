"""The COO runtime: amend, lint, scan, freeze, capture, migrate, gate, replay, roll back (003)."""
