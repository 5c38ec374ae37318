"""Reading what a state run returned."""

from __future__ import annotations

from turnup.domain.salt_states import judge


def state(number: int, result: bool | None, comment: str = "", changes: dict[str, str] | None = None) -> dict[str, object]:
    return {"__run_num__": number, "__id__": f"id{number}", "result": result, "comment": comment, "changes": changes or {}}


def test_failed_states_are_listed_by_id_function_and_reason_in_run_order() -> None:
    run = judge(
        {
            "service_|-b_|-b_|-running": state(2, False, "not found"),
            "file_|-a_|-a_|-managed": state(1, False, "no space"),
            "file_|-c_|-c_|-managed": state(0, True, changes={"diff": "new"}),
        }
    )
    assert [(one.id, one.function, one.reason) for one in run.failed] == [
        ("id1", "file.managed", "no space"),
        ("id2", "service.running", "not found"),
    ]
    assert run.changed == ("id0",)
    assert run.count == 3


def test_a_test_run_says_what_would_change() -> None:
    assert judge({"file_|-a_|-a_|-managed": state(0, None)}).changed == ("id0",)


def test_what_is_no_state_run_is_a_failure() -> None:
    for returned in (
        ["Rendering SLS 'base:edge' failed: x"],
        "Minion did not return",
        {},
        None,
        [],
        {"file_|-a_|-a_|-managed": "?"},
    ):
        assert judge(returned).failed, returned
