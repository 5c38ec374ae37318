"""The trigger form's fields, with what each means and what it may hold."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from turnup.domain.seals import CLEAR, NO_WIPE, PURGE, WIPES
from turnup.orchestration import settings

SLUG = "^[-a-zA-Z0-9_]{1,100}$"


def sites() -> list[str]:
    """The sites that have a policy file, from its names alone: a DAG file reads no more than a folder listing."""
    return sorted(path.stem for path in (settings.inventory_folder() / "sites").glob("*.yaml"))


def site_field() -> Param:
    """The site, with the known ones to choose from."""
    known = sites()
    return Param(
        known[0] if len(known) == 1 else None,
        type="string",
        pattern=SLUG,
        title="Site",
        examples=known,
        description_md="The site's **slug** in NetBox. It needs a file in `inventory/sites/`.",
    )


def abort_form() -> dict[str, Param]:
    """The parameters of `server_abort`."""
    return {
        "site": site_field(),
        "servers": Param(
            None,
            type="array",
            items={"type": "string", "minLength": 1, "maxLength": 64},
            minItems=1,
            uniqueItems=True,
            title="Servers",
            description_md="Device names, one a line. What the last run did to them is undone: after an install they are "
            "`planned` again, after a decommission whose wipe has not begun `active` and in service.",
        ),
        "reason": Param(
            None,
            type="string",
            minLength=3,
            maxLength=500,
            title="Reason",
            description_md="Why. It goes into each device's journal.",
        ),
    }


def rack_field() -> Param:
    """The rack."""
    return Param(
        None,
        type="string",
        minLength=1,
        maxLength=100,
        title="Rack",
        description_md="The rack's **name** in NetBox, at that site.",
    )


def adopt_form() -> dict[str, Param]:
    """The parameters of `server_adopt`."""
    return {
        "site": site_field(),
        "rack": rack_field(),
        "servers": Param(
            [],
            type=["array", "null"],
            items={"type": "string", "minLength": 1, "maxLength": 64},
            uniqueItems=True,
            title="Servers",
            description_md="Device names, one a line. Empty: every server of the rack that is `active`, held by no run and not "
            "known to turnup yet. Servers that are named are looked at again, also when they are known.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description_md="Only plan: which servers, and what NetBox lacks for them. Nothing is touched.",
        ),
    }


def decommission_form() -> dict[str, Param]:
    """The parameters of `server_decommission`."""
    return {
        "site": site_field(),
        "rack": rack_field(),
        "servers": Param(
            None,
            type="array",
            items={"type": "string", "minLength": 1, "maxLength": 64},
            minItems=1,
            title="Servers",
            description_md="Device names, one a line. **Everything on their drives will be destroyed.** No names never mean all.",
        ),
        "wipe": Param(
            CLEAR,
            type="string",
            enum=list(WIPES),
            values_display={
                CLEAR: "clear: overwritten",
                PURGE: "purge: by a command of the drive's own",
                NO_WIPE: "none: leave with all that is on their drives",
            },
            title="Wipe",
            description_md="In the terms of NIST SP 800-88. What a drive does not offer is said, never replaced by less. "
            "`none` needs a written reason; the drives are to be pulled and shredded.",
        ),
        "reason": Param(
            None,
            type="string",
            minLength=3,
            maxLength=500,
            title="Reason",
            description_md="Why they leave, and where they go. Whoever approves reads it.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description_md="Only look and seal: what would be destroyed, and all that stands in its way. Nothing is touched.",
        ),
    }


def audit_form() -> dict[str, Param]:
    """The parameters of `fleet_audit`."""
    names: dict[str, Any] = {
        "type": ["array", "null"],
        "items": {"type": "string", "minLength": 1, "maxLength": 64},
        "uniqueItems": True,
    }
    return {
        "site": Param(
            "", type=["string", "null"], maxLength=100, title="Site", examples=sites(), description_md="Empty: every site."
        ),
        "checks": Param([], title="Checks", description_md="Names, one a line; see `docs/findings.md`. Empty: all.", **names),
        "fix": Param(
            [],
            title="Fix",
            description_md="Names of checks whose **safe fixes** are applied, one a line. Empty: nothing is changed.",
            **names,
        ),
        "ask": Param(
            False,
            type="boolean",
            title="Ask about the other fixes",
            description_md="Show the safe fixes that are not named above to a person, and apply them after a yes.",
        ),
        "undo": Param(
            "",
            type=["string", "null"],
            maxLength=250,
            title="Undo",
            description_md="The id of a former run of this DAG: take back what it fixed. Nothing is audited then.",
        ),
    }


def install_form() -> dict[str, Param]:
    """The parameters of `server_install`."""
    return {
        "site": site_field(),
        "rack": rack_field(),
        "servers": Param(
            [],
            type=["array", "null"],
            items={"type": "string", "minLength": 1, "maxLength": 64},
            uniqueItems=True,
            title="Servers",
            description_md="Device names, one a line. Empty: every server of the rack that may be installed "
            "(`planned`, or `staged` or `failed` and held by no run).",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description_md="Only plan and show what would change. Nothing is touched.",
        ),
        "approval": Param(
            "none",
            type="string",
            enum=["none", "required"],
            values_display={"none": "as policy says", "required": "somebody approves the plan first"},
            title="Approval",
            description_md="Can ask for more than the site's policy does, never for less.",
        ),
        "burn_in": Param(
            "",
            type=["string", "null"],
            maxLength=64,
            title="Burn-in",
            description_md="Name of a profile in `inventory/hardware/<generation>.yaml`. Empty: the generation's default.",
        ),
    }
