#!/usr/bin/env python3
"""Prove step 6 of document 004, artifact_canon_select, in a repository; see `sealwright.proofs`."""

from sealwright import proofs

if __name__ == "__main__":
    raise SystemExit(proofs.main("artifact_canon_select"))
