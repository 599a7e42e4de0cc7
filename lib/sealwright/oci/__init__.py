"""An image of a sandbox, as it lies on a disk: who it is, whether it is whole, what it starts.

Two forms are read, and nothing is ever written or extracted:

* a folder in the OCI image layout: ``oci-layout``, ``index.json`` and ``blobs/sha256/…``;
* what ``docker save`` writes, a tar: in it lies such a layout, or, from older programs, only
  ``manifest.json`` with the configuration and the layers that it names.

The digest of an image is that of its manifest's descriptor.  It is chosen from ``index.json`` by
``reference`` (``org.opencontainers.image.ref.name``, the name that containerd adds, or a tag
of ``manifest.json``), and, where an index stands between, by platform: the one asked for, else
``linux/amd64``.  What fits more than once is refused, with all that would fit.  An older archive
has no manifest; its digest is the image's id, that of the configuration.

From the descriptor on everything is read to its end: each blob has the size and the digest
that led to it, each media type is known, each layer unpacks (tar, or tar in gzip) to the
``diff_id`` that the configuration says.  What belongs to other platforms may be absent.  The
program that the image starts is looked for in the layers, one over the other with their
whiteouts, by its links and by the image's ``PATH``, and must be a regular file that may be
executed.

Nothing here is believed: digests have one spelling, an object's keys stand once, a tar's members
are of the kinds that every program reads alike (no sparse file, no path that leads out or
through a link, none twice), and there are `Limits` to what is read, kept and followed.

By hand, for the image named ``NAME``::

    skopeo inspect --format '{{.Digest}}' oci:FOLDER:NAME

>>> from pathlib import Path
>>> examine(Path("/dev/null")).holds
False
"""

from __future__ import annotations

from sealwright.oci.examination import examine
from sealwright.oci.limits import LIMITS, Limits

__all__ = ["LIMITS", "Limits", "examine"]
