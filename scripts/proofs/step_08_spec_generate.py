#!/usr/bin/env python3
"""Prove step 8 of document 004, spec_generate, in a repository; see `sealwright.proofs`."""

from sealwright import proofs

if __name__ == "__main__":
    raise SystemExit(proofs.main("spec_generate"))
