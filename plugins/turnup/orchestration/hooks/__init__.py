"""Connection types, one a file: the form in Airflow's UI, the adapter made from what was filled in, and a test of it.

Airflow imports these files in its API server: they import an adapter only when they are asked for one.
"""

from __future__ import annotations

from collections.abc import Mapping

from turnup.discovery import discover, folder_of
from turnup.orchestration.hooks.kind import Hook

_FOUND = discover(__name__, folder_of(__file__), "HOOK", type).values()
HOOKS: Mapping[str, type[Hook]] = {hook.conn_type: hook for hook in _FOUND if issubclass(hook, Hook)}
"""{connection type: its hook}, from the files of this folder."""
