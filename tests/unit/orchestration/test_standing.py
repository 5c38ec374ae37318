"""A run that Airflow knows no more has ended; one that Airflow did not tell about may go on."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from turnup.domain.errors import Transient
from turnup.orchestration.standing import goes_on


class Task:
    """A task instance whose Airflow answers so."""

    def __init__(self, answer: str | int) -> None:
        self.answer = answer

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str:
        if isinstance(self.answer, str):
            return self.answer
        raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": self.answer}))


@pytest.mark.parametrize(("answer", "going_on"), [("running", True), ("queued", True), ("failed", False), (404, False)])
def test_what_airflow_says_of_a_run_holds(answer: str | int, going_on: bool) -> None:
    assert goes_on(Task(answer), "server_install", "r") is going_on


@pytest.mark.parametrize("answer", [500, 403])
def test_that_airflow_does_not_say_is_not_the_end_of_a_run(answer: int) -> None:
    with pytest.raises(Transient, match="server_install/r goes on"):
        goes_on(Task(answer), "server_install", "r")
