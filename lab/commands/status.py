"""`./lab/status`: each service, up or down, its URL, its log file."""

from __future__ import annotations

from collections.abc import Sequence

from lab import claim, services, supervisor


def main(arguments: Sequence[str]) -> int:  # noqa: ARG001 - it takes none
    """Exit code 0 when everything is up, 1 otherwise."""
    claim.refuse_a_second()
    rows = [("SERVICE", "STATE", "PROGRAM", "URL", "LOG")]
    for service in services.every():
        url = service.url().rsplit("@", 1)[-1]  # a login stays in endpoints.json
        for program in service.programs():
            state = supervisor.state(program.name)
            up = "up" if state == "RUNNING" and service.ready() else "down" if state != "RUNNING" else "not ready"
            rows.append((service.NAME, up, f"{program.name}:{state.lower()}", url, str(program.log)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0 if all(row[1] == "up" for row in rows[1:]) else 1
