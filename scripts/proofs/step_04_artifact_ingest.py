#!/usr/bin/env python3
"""Prove step 4 of document 004, artifact_ingest, in a repository; see `sealwright.proofs`."""

from sealwright import proofs

if __name__ == "__main__":
    raise SystemExit(proofs.main("artifact_ingest"))
