#!/usr/bin/env python3
"""Prove step 7 of document 004, context_bundle_build, in a repository; see `sealwright.proofs`."""

from sealwright import proofs

if __name__ == "__main__":
    raise SystemExit(proofs.main("context_bundle_build"))
