"""Reading what a state run returned."""

from __future__ import annotations

from turnup.domain.salt_changes import in_words
from turnup.domain.salt_states import judge


def state(number: int, result: bool | None, comment: str = "", changes: dict[str, object] | None = None) -> dict[str, object]:
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


def test_what_changed_is_told_in_words_and_without_contents() -> None:
    diff = "--- \n+++ \n@@ -1,1 +1,2 @@\n-password: old\n+password: new\n+more: x\n"
    (changed,) = judge({"file_|-a_|-a_|-managed": state(0, True, "File a updated", {"diff": diff, "mode": "0600"})}).changes
    assert changed.document() == {
        "id": "id0",
        "function": "file.managed",
        "comment": "File a updated",
        "changes": ["diff: 2 lines added, 1 removed", "mode: 0600"],
    }


def test_versions_are_told_and_secrets_are_not() -> None:
    assert in_words({"nginx": {"old": "", "new": "1.22"}}) == ("nginx: none -> 1.22",)
    assert in_words({"passwd": {"old": "a", "new": "b"}}) == ("passwd: not shown -> not shown",)
    assert in_words({"user": {"api_token": "abc"}}) == ("user api_token: not shown",)
    assert in_words({"pid": 7, "retcode": 0, "stdout": "the password is x"}) == ("pid: 7", "retcode: 0", "stdout: not shown")
    assert in_words({"text": "x" * 500}) == ("text: not shown, it is long",)
    assert in_words({}) == in_words(None) == ()


def test_the_command_line_of_a_command_is_not_repeated() -> None:
    (changed,) = judge({"cmd_|-a_|-a_|-run": state(0, True, 'Command "login --password x" run', {"retcode": 0})}).changes
    assert changed.comment == ""


def test_a_state_that_changes_very_much_says_how_much() -> None:
    lines = in_words({f"package{number}": {"old": "1", "new": "2"} for number in range(50)})
    assert len(lines) == 21
    assert lines[-1] == "and 30 more"
