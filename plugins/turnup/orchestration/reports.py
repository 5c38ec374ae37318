"""A run's report, written when the run ends."""

from __future__ import annotations

from turnup.domain.errors import TurnupError
from turnup.flow.job import flow_log
from turnup.orchestration import noticing
from turnup.orchestration.workplace import Workplace

STEP = "report"


def publish(place: Workplace, at: str, *, final: bool = True) -> None:
    """Write the run's report as things stand `at` that time; tell it where it is `final`: nothing is tried again by itself.

    Where that fails the log says so, and no more: the documents are there, and the report is made of them when it is asked for.
    """
    from turnup.reporting import archive, gather  # noqa: PLC0415 -- DAG files import this module

    log = flow_log(place.run, STEP)
    try:
        report = gather.gather(place.records, place.run, at)
        version = archive.write(place.records, report)
    except TurnupError as error:
        log.warning("The report is not written: %s", error)
    except Exception:  # a defect in a report ends no install
        log.exception("The report is not written:")
    else:
        log.info("version %d: %s", version, place.run.report)
        if final:
            noticing.finished(place, report)
