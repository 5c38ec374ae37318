"""Policy from `inventory/`: one file a site, one a hardware generation, checked as a whole before anything uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from turnup.adapters.policy_yaml import Document
from turnup.burnin import TESTS
from turnup.domain.error_budget import Allowance
from turnup.domain.errors import Problem, Refused
from turnup.domain.notices import Event
from turnup.domain.policy import (
    Audit,
    BurnInTest,
    Capacity,
    Chat,
    Decommission,
    Dhcp,
    Hardware,
    Mail,
    Notices,
    Policy,
    Pool,
    Power,
    RemovalCaps,
    Site,
    Threshold,
    Timeouts,
    Traffic,
)

FAMILIES = {"ipv4": 4, "ipv6": 6}


def known_sites(root: Path) -> tuple[str, ...]:
    """The sites that have a file below `root` (the inventory folder), sorted."""
    return tuple(sorted(path.stem for path in (root / "sites").glob("*.yaml")))


def load_policy(root: Path, site: str) -> Policy:
    """The site's policy and every hardware generation. Refused: no such site, or a list of all that is wrong in the files."""
    known = known_sites(root)
    if site not in known:
        raise Refused(
            f"There is no site {site!r}.",
            f"Known are {', '.join(known) or 'none'}; add {root}/sites/<site>.yaml.",
            cause="policy-missing",
        )
    site_file = Document(root / "sites" / f"{site}.yaml", "site")
    hardware_files = [Document(path, "hardware") for path in sorted((root / "hardware").glob("*.yaml"))]
    problems = [problem for document in (site_file, *hardware_files) for problem in document.problems]
    if not problems:
        problems = [*_site_problems(site_file), *_hardware_problems(hardware_files)]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise Refused(
            f"The policy of {site} is refused, {len(problems)} problem(s):\n{lines}", "Correct these lines.", cause="policy-wrong"
        )
    return Policy(_site(site_file.content), tuple(_hardware(document.content) for document in hardware_files))


def _site_problems(document: Document) -> Iterator[Problem]:
    if document.content["site"] != document.path.stem:
        yield document.problem(["site"], f"is not the file's name, {document.path.stem}.")
    dhcp = document.content["dhcp"]
    if dhcp["kind"] != "none" and "connection" not in dhcp:
        yield document.problem(["dhcp"], "names no connection; only the kind none needs none.")
    yield from _traffic_problems(document)


def _traffic_problems(document: Document) -> Iterator[Problem]:
    content = document.content
    traffic = content.get("traffic", {"kind": "none"})
    if traffic["kind"] != "none" and "connection" not in traffic:
        yield document.problem(["traffic"], "names no connection; only the kind none needs none.")
    if traffic["kind"] == "none" and traffic.get("pools"):
        yield document.problem(["traffic", "pools"], "need a load balancer; the kind none is none.")
    roles = content["salt"]["states"]
    for key, named in (("traffic", traffic.get("pools", {})), ("capacity", content.get("capacity", {}))):
        for role in named:
            if role not in roles:
                where = [key, "pools", role] if key == "traffic" else [key, role]
                yield document.problem(where, f"is for the role {role}, which salt.states does not have.")


def _hardware_problems(documents: Sequence[Document]) -> Iterator[Problem]:
    claimed: dict[str, Path] = {}
    for document in documents:
        content = document.content
        if content["generation"] != document.path.stem:
            yield document.problem(["generation"], f"is not the file's name, {document.path.stem}.")
        for index, device_type in enumerate(content["device_types"]):
            if (other := claimed.setdefault(device_type, document.path)) != document.path:
                yield document.problem(["device_types", index], f"is {device_type}, which {other.name} has too.")
        ports = content["interfaces"]
        for index, name in enumerate(ports.get("other", ())):
            if name in (ports["management"], ports["bmc"]):
                yield document.problem(["interfaces", "other", index], f"is {name}, the management interface or the BMC's port.")
        profiles = content["burn_in"]["profiles"]
        if content["burn_in"]["default"] not in profiles:
            yield document.problem(["burn_in", "default"], f"is no profile; profiles are {', '.join(sorted(profiles))}.")
        for name, tests in profiles.items():
            for index, test in enumerate(tests):
                if test["test"] not in TESTS:
                    where = ["burn_in", "profiles", name, index, "test"]
                    yield document.problem(where, f"is {test['test']!r}, no burn-in test; there are {', '.join(TESTS)}.")


def _site(content: Mapping[str, Any]) -> Site:
    connections, boot, salt = content["connections"], content["boot"], content["salt"]
    return Site(
        site=content["site"],
        domain=content["domain"],
        netbox=connections["netbox"],
        salt=connections["salt"],
        redfish=connections["redfish"],
        ssh=connections["ssh"],
        boot=connections["boot"],
        signing=connections.get("signing"),
        boot_url=boot["url"],
        images_url=boot["images"],
        salt_master=salt["master"],
        dhcp=Dhcp(**content["dhcp"]),
        management_prefix_role=content["prefixes"]["management"],
        out_of_band_prefix_role=content["prefixes"]["out_of_band"],
        states={role: tuple(states) for role, states in salt["states"].items()},
        trust_bmc_on_first_use=content["bmc"]["trust_on_first_use"],
        approval_required=content.get("approval", "none") == "required",
        power=Power(**content.get("power", {})),
        timeouts=Timeouts(**content.get("timeouts", {})),
        families=tuple(sorted(FAMILIES[family] for family in content.get("families", ["ipv4"]))),
        tenants=tuple(content.get("tenants", ())),
        traffic=_traffic(content.get("traffic", {"kind": "none"})),
        capacity={role: Capacity(**numbers) for role, numbers in content.get("capacity", {}).items()},
        decommission=_decommission(content.get("decommission", {})),
        error_budget=Allowance(**content["error_budget"]) if "error_budget" in content else None,
        notices=_notices(content.get("notices", {})),
        audit=Audit(**content.get("audit", {})),
    )


def _decommission(content: Mapping[str, Any]) -> Decommission:
    names = {"approvers": tuple(content.get("approvers", ())), "second_approvers": tuple(content.get("second_approvers", ()))}
    return Decommission(**{**content, **names, "caps": RemovalCaps(**content.get("caps", {}))})


def _notices(content: Mapping[str, Any]) -> Notices:
    def told(channel: Mapping[str, Any]) -> dict[str, Any]:
        events = {"events": tuple(Event(one) for one in channel["events"])} if "events" in channel else {}
        return {**channel, **events}

    chat, mail = content.get("chat"), content.get("mail")
    channels = {
        "chat": Chat(**told(chat)) if chat else None,
        "mail": Mail(**told(mail) | {"to": tuple(mail["to"])}) if mail else None,
    }
    return Notices(**{**content, **channels})


def _traffic(content: Mapping[str, Any]) -> Traffic:
    pools = {role: Pool(**pool) for role, pool in content.get("pools", {}).items()}
    return Traffic(kind=content["kind"], connection=content.get("connection"), pools=pools)


def _hardware(content: Mapping[str, Any]) -> Hardware:
    return Hardware(
        generation=content["generation"],
        device_types=tuple(content["device_types"]),
        management_interface=content["interfaces"]["management"],
        bmc_interface=content["interfaces"]["bmc"],
        other_interfaces=tuple(content["interfaces"].get("other", ())),
        image=content["boot"]["image"],
        acceptance_image=content["boot"].get("acceptance", "acceptance"),
        kernel_arguments=content["boot"].get("kernel_arguments", ""),
        default_burn_in=content["burn_in"]["default"],
        burn_in={name: tuple(_test(test) for test in tests) for name, tests in content["burn_in"]["profiles"].items()},
    )


def _test(content: Mapping[str, Any]) -> BurnInTest:
    return BurnInTest(
        test=content["test"],
        seconds=content["seconds"],
        options=content.get("options", {}),
        thresholds=tuple(Threshold(**threshold) for threshold in content.get("thresholds", [])),
    )
