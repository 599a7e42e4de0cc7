"""Seal the sources of truth of a clean, verified commit (document 000).

Four things follow one another, and each is a step with its own proof:

``sot_pack:verify_head``  the configured verification runs on HEAD; ``started``, ``completed``
                          and ``verified`` with the full commit go to the activity feed
``sot_pack:pack``         the documents, hashed while they are copied, become a new folder
                          ``{ts}_{shortsha}`` among the packs, never replaced
``sot_pack:seal``         the pack is read again from disk; ``sot_seal`` goes to the feed, and
                          only then ``latest`` leads to the pack
``sot_pack:verify``       believes nothing: pack, seal, feed and ``latest`` are read again

``sot_pack:lint_feed`` lints the feed after all that append to it.  Two guards protect them:
``sot_pack:clean_tree`` (nothing modified, nothing untracked) and ``sot_pack:preconditions``,
which asks besides that every document is there and tracked, and that the feed is whole and
says that HEAD is verified.  It never fails open: no feed, a malformed line or another commit
are refused.  While a pack is made,
``.build_lock`` lies among the packs; one that is there already stops the build.

Nothing here starts anything in the background, and no tracked file is written.
"""

from __future__ import annotations

from sealwright.contracts.sot_pack import feed, pack, seal, verification
from sealwright.contracts.sot_pack.settings import Settings
from sealwright.document import Table
from sealwright.step import Contract, World

SENTENCE = "Seal the sources of truth of a clean, verified commit."


def contract(world: World, table: Table) -> Contract:
    """Return the steps that ``config/sot_pack.yaml`` asks for."""
    settings = Settings.read(world, table)
    steps = (
        verification.step(settings),
        pack.step(settings),
        seal.step(settings),
        feed.lint_step(settings),
        seal.verify_step(settings),
    )
    return Contract(steps=steps, groups={"sot_pack": SENTENCE}, chain=("sot_pack",))
