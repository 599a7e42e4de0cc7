"""invoke's doorway, for people: `inv --list`."""

from sealwright import menu

namespace = menu.namespace(__file__)
