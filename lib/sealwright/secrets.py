"""Whether a value of JSON holds what looks like a secret: asked of detect-secrets' detectors.

`found` says where, `scrubbed` takes it away.

All its detectors are used but the one for public addresses, which are no secrets; only their
patterns are, so none asks the network.  Headers of private keys of every kind, and what is
called a passphrase, are added.  Each string is looked at as
``key: "text"``, so that a key such as ``password`` counts.  The two that measure entropy see
each word by itself, and not those that are random by nature and public: digests and
fingerprints (64 or 40 hexadecimal digits) and whatever the caller says is known.

>>> list(found({"note": "see https://me:hunter22@example.org"}, lambda word: False))
['meta.note: expected no secret, found what looks like: Basic Auth Credentials']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
    from detect_secrets.plugins.high_entropy_strings import HighEntropyStringsPlugin

_PUBLIC = re.compile("[0-9a-f]{64}|[0-9A-Fa-f]{40}")
_OURS = {  # what the detectors do not know
    "Private Key": [re.compile("BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")],
    "Secret Keyword": [re.compile(r'pass_?phrase\w{0,40}: ?"?[^"\s]', re.IGNORECASE)],
}
_BETWEEN = re.compile(r"[^A-Za-z0-9+/=._-]+|=(?=[A-Za-z0-9])")
_SHORT = 8  # no word of so few characters reaches the least entropy that is a finding


def found(meta: Mapping[str, Any], known: Callable[[str], bool]) -> Iterator[str]:
    """Yield a reason for each place of ``meta`` that looks like a secret; never its value."""
    for place, key, text in _texts("meta", "", meta):
        if kinds := _all_kinds(key, text, known):
            yield f"{place}: expected no secret, found what looks like: {', '.join(kinds)}"


def scrubbed(value: Any, known: Callable[[str], bool] = lambda word: False, key: str = "") -> Any:
    """Return a value of JSON in which each string that looks like a secret says only which kind.

    >>> scrubbed({"url": "https://me:hunter22@example.org", "lines": 3})
    {'url': '<scrubbed: Basic Auth Credentials>', 'lines': 3}
    """
    if isinstance(value, str):
        kinds = _all_kinds(key, value, known)
        return f"<scrubbed: {', '.join(kinds)}>" if kinds else value
    if isinstance(value, Mapping):
        return {
            scrubbed(name, known): scrubbed(inner, known, name) for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrubbed(inner, known, key) for inner in value]
    return value


def _all_kinds(key: str, text: str, known: Callable[[str], bool]) -> list[str]:
    if _PUBLIC.fullmatch(text):
        return sorted(set(_kinds(key, "0" * 64)))  # only its key can tell anything
    return sorted({*_kinds(key, text), *_random(text, known)})


def _texts(place: str, key: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """Yield each string with its place and key; a key that may be secret is not in a place."""
    if isinstance(value, str):
        yield place, key, value
    elif isinstance(value, Mapping):
        for number, (name, inner) in enumerate(value.items()):
            doubtful = _kinds("", name) or list(_random(name, lambda _: False))
            spelled = f"{place}.<key {number}>" if doubtful else f"{place}.{name}"
            yield f"{place}.<key {number}>", "", name
            yield from _texts(spelled, name, inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(f"{place}[{number}]", key, inner)


class _Detectors(NamedTuple):
    plain: Mapping[str, list[re.Pattern[str]]]  # what matches is a secret of that kind
    clever: list[BasePlugin]  # these ask more than a pattern
    keyword: BasePlugin
    keywords: re.Pattern[str]  # without one of these, that detector finds nothing
    entropy: list[HighEntropyStringsPlugin]


@cache
def _detectors() -> _Detectors:
    # not above: it takes a while to import, and most runs admit nothing
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector
    from detect_secrets.plugins.high_entropy_strings import HighEntropyStringsPlugin
    from detect_secrets.plugins.ip_public import IPPublicDetector
    from detect_secrets.plugins.keyword import DENYLIST, KeywordDetector

    known: Mapping[str, type[BasePlugin]] = get_mapping_from_secret_type_to_class()
    plain, clever, entropy = dict(_OURS), [], []
    for kind, made in ((name, each()) for name, each in known.items()):
        if isinstance(made, HighEntropyStringsPlugin):
            entropy.append(made)
        elif isinstance(made, RegexBasedDetector) and _is_plain(made):
            plain[kind] = [*plain.get(kind, ()), *made.denylist]
        elif not isinstance(made, KeywordDetector):
            clever.append(made)
    del plain[str(IPPublicDetector.secret_type)]
    words = re.compile("|".join(DENYLIST), re.IGNORECASE)
    return _Detectors(plain, clever, KeywordDetector(), words, entropy)


def _is_plain(detector: RegexBasedDetector) -> bool:
    from detect_secrets.plugins.base import RegexBasedDetector

    return type(detector).analyze_string is RegexBasedDetector.analyze_string


@lru_cache(4096)
def _kinds(key: str, text: str) -> list[str]:
    every = _detectors()
    line = f'{key}: "{text}"' if key else f'"{text}"'
    kinds = [
        kind
        for kind, patterns in every.plain.items()
        if any(pattern.search(line) for pattern in patterns)
    ]
    clever = [*every.clever, *([every.keyword] if every.keywords.search(line) else [])]
    return kinds + [str(each.secret_type) for each in clever if any(each.analyze_string(line))]


def _random(text: str, known: Callable[[str], bool]) -> Iterator[str]:
    for word in _BETWEEN.split(text):
        if len(word) > _SHORT and not _PUBLIC.fullmatch(word):
            kinds = _entropic(word)
            if kinds and not known(word):
                yield from kinds


@lru_cache(4096)
def _entropic(word: str) -> tuple[str, ...]:
    return tuple(
        str(each.secret_type)
        for each in _detectors().entropy
        for quoted in each.analyze_string(f'"{word}"')
        if each.calculate_shannon_entropy(quoted) > each.entropy_limit
    )
