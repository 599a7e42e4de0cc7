"""Names that are safe in a path."""

import re


def slugify(text: str) -> str:
    """Return ``text`` in lower case, with single hyphens for everything that is no letter or digit."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))
