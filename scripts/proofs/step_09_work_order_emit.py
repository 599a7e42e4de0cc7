#!/usr/bin/env python3
"""Prove step 9 of document 004, work_order_emit, in a repository; see `sealwright.proofs`."""

from sealwright import proofs

if __name__ == "__main__":
    raise SystemExit(proofs.main("work_order_emit"))
