"""The text of a PDF, read in a process of its own, since what others wrote is parsed.

    python -I -B pdf.py  < a PDF  > a JSON list with the text of each page

It has a gibibyte of memory and a minute of work; what needs more ends with an error.
"""

from __future__ import annotations

import io
import json
import resource
import sys

MEMORY = 1 << 30  # bytes
WORK = 60  # seconds


def main() -> None:
    """Read standard input, write standard output."""
    from pypdf import PdfReader

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (WORK, WORK))
    reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()), strict=False)
    if reader.is_encrypted:
        raise SystemExit("expected a PDF without a password, found an encrypted one")
    pages = [page.extract_text() for page in reader.pages]
    sys.stdout.write(json.dumps(pages))


if __name__ == "__main__":
    main()
