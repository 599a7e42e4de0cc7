"""Manifests of the world that a migration runs in: tools, environment, hardware, sandbox (003 §3).

====================================  ===================================================
`tools`, and `cyclonedx` of the same  each executable and the toolchain, by digest
`environment`                         what Sealwright gives its children, and what is below it
`hardware`                            processors, memory, NUMA, file system, virtualisation
`sandbox`                             the digest of an OCI image, or why there is none
====================================  ===================================================

Each is read anew whenever it is asked for and has no clock in it, so that as long as nothing
changes its bytes are the same, and `drift` names what did change.  Those in JSON are canonical
(`sealwright.runtime.canonical`) with LF at their end.  What cannot be had is the string
``unavailable``, never left out.  A path in the repository is ``{repo}/…`` and one in the
virtual environment ``{venv}/…``; all others are absolute.
"""
