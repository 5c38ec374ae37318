"""Migrates NetBox's database, telling first how many migrations there are: `python -m lab.inside_netbox.migrate`.

Django renders some 150 models anew for each of 330 migrations, and Python's collector would look at all of them again and
again: nearly half the time. Collecting seldom keeps the memory below 1.5 GB; never collecting took 10 GB.
"""

import gc
import os

import django  # type: ignore[import-not-found, unused-ignore]
from django.core.management import call_command  # type: ignore[import-not-found, unused-ignore]
from django.db import connection  # type: ignore[import-not-found, unused-ignore]
from django.db.migrations.executor import MigrationExecutor  # type: ignore[import-not-found, unused-ignore]

if __name__ == "__main__":
    gc.set_threshold(200_000, 50, 1_000_000)
    os.environ["DJANGO_SETTINGS_MODULE"] = "netbox.settings"
    django.setup()
    executor = MigrationExecutor(connection)
    print(f"total {len(executor.migration_plan(executor.loader.graph.leaf_nodes()))}", flush=True)
    del executor
    call_command("migrate", interactive=False)
