"""Every flow by its name."""

from __future__ import annotations

from turnup.flow.install import INSTALL

FLOWS = {flow.name: flow for flow in (INSTALL,)}
