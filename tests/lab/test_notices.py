"""A run that is refused is told once, where a person sees it, whoever clears its tasks and whatever the server is called.

What is told of failures and of holds is read in the stories of those: test_rack_with_a_wrong_machine.py and test_hold.py.
"""

from __future__ import annotations

import requests

from lab.datacenter import RACKS, SITE
from lab.services import notices as sinks
from tests.lab import notices
from tests.lab.conftest import Lab

RACK = RACKS[0].name
NOBODY = "<!channel> <script>alert(1)</script>"


def test_a_refused_run_is_one_notice_also_when_its_last_task_is_cleared(lab: Lab) -> None:
    run = lab.start(rack=RACK, servers=[NOBODY])
    assert lab.ended(run) == "failed"
    notices.settle(lab)
    lab.airflow.clear("server_install", run, [("finish", -1)])
    assert lab.ended(run) == "failed"
    (message,) = notices.told(lab, run)
    assert message.title == f"*FAILED: Install of rack {RACK}, site {SITE}: The plan was refused: 1 problem*"
    assert "&lt;!channel&gt; &lt;script&gt;" in message.text
    assert f"/turnup/?site={SITE}&amp;rack={RACK}|Racks page>" in message.text
    assert notices.told(lab, run, "mail") == [], "by the site's policy"
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(sinks.url(), timeout=10).text
    assert "The plan was refused" in page
    assert "<script>" not in page


def test_a_dry_run_is_told_to_nobody(lab: Lab) -> None:
    run = lab.start(rack=RACK, servers=[NOBODY], dry_run=True)
    assert lab.ended(run) == "failed"
    assert notices.told(lab, run) == []
