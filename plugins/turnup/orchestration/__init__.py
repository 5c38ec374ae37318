"""Airflow wiring: connections become adapters, rows become tasks, waits become triggers. No business rule lives here."""
