"""doit's doorway: every contract in config/sealwright.yaml becomes tasks.  Try `doit list`."""

from sealwright.engine import doorway

globals().update(doorway.tasks(__file__))
