"""The folder that a site's boot web server serves, as Airflow's workers and triggerer see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turnup.orchestration.hooks.kind import Field, Hook

if TYPE_CHECKING:
    from turnup.adapters.boot_files import BootFolder

NOBODY = "00:00:00:00:00:00"  # a MAC that no machine has
SCRIPT = "#!ipxe\nexit\n"  # boot as usual


class BootFolderHook(Hook):
    """Boot scripts as files."""

    conn_type = "turnup_boot_folder"
    hook_name = "Boot folder"
    fields = (
        Field(
            "path",
            "Path",
            meaning="The folder that the boot web server serves, such as /srv/boot: mounted and writable where Airflow works.",
            section="Folder",
            required=True,
        ),
    )

    def folder(self) -> BootFolder:
        """The folder; it is not looked at yet."""
        from turnup.adapters.boot_files import BootFolder

        self.complete()
        return BootFolder(self.text("path"))

    def look(self) -> str:
        """A boot script can be written, read and removed again; it was one of a MAC that no machine has."""
        folder = self.folder()
        try:
            folder.write(NOBODY, SCRIPT)
            folder.read(NOBODY)
        finally:
            folder.remove(NOBODY)
        return f"Boot scripts can be written to {self.text('path')} and removed, from where Airflow ran this test."


HOOK = BootFolderHook
