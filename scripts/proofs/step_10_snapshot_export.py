#!/usr/bin/env python3
"""Prove step 10 of document 004, snapshot_export, in a repository; see `sealwright.proofs`."""

from sealwright import proofs

if __name__ == "__main__":
    raise SystemExit(proofs.main("snapshot_export"))
