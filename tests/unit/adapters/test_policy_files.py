"""Policy files are read whole, or refused with the line of everything that is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from turnup.adapters.policy_files import known_sites, load_policy
from turnup.domain.errors import Refused
from turnup.domain.policy import Capacity, Dhcp, Pool, Threshold, Traffic

INVENTORY = Path(__file__).parents[3] / "inventory"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    return Path(shutil.copytree(INVENTORY, tmp_path / "inventory"))


def edit(path: Path, old: str, new: str) -> int:
    """Replaces it and answers its line."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def test_the_labs_policy_is_read() -> None:
    policy = load_policy(INVENTORY, "lab1")
    assert known_sites(INVENTORY) == ("lab1",)
    assert policy.site.dhcp == Dhcp("kea_hosts_database", "kea_lab1")
    hardware = policy.hardware_of("labmetal-g1")
    assert hardware is not None
    assert hardware.burn_in[hardware.default_burn_in][0].thresholds == (Threshold("bogo_ops_per_second", at_least=8),)


@pytest.mark.parametrize("site", ["lab2", "", "../sites/lab1", "lab1.yaml"])
def test_an_unknown_site_is_refused_naming_the_known_ones(site: str) -> None:
    with pytest.raises(Refused, match="Known are lab1"):
        load_policy(INVENTORY, site)


def test_everything_wrong_is_named_at_once_with_file_and_line(inventory: Path) -> None:
    site, hardware = inventory / "sites/lab1.yaml", inventory / "hardware/labmetal-g1.yaml"
    trust = edit(site, "trust_on_first_use: true", "trust_on_first_use: maybe")
    power = edit(site, "power: 60", "power: 0")
    least = edit(hardware, "at_least: 8}", "atleast: 8}")
    expected = [
        f"{site}:{trust}: bmc.trust_on_first_use is 'maybe', expected: boolean.",
        f"{site}:{power}: timeouts.power is 0, expected: 1 or more.",
        f"{hardware}:{least}: burn_in.profiles.quick[0].thresholds[0].atleast is not known here",
        "has neither at_least nor at_most",
    ]
    site.write_text(site.read_text() + "domain: twice.example\nextra: 1\n")
    with pytest.raises(Refused) as refusal:
        load_policy(inventory, "lab1")
    for text in [*expected, "domain is given twice (line", "extra is not known here; known: approval, audit, bmc, boot"]:
        assert text in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("hardware/labmetal-g1.yaml", "default: quick", "default: slow", "burn_in.default is no profile; profiles are quick"),
        ("hardware/labmetal-g1.yaml", "generation: labmetal-g1", "generation: g2", "generation is not the file's name"),
        ("sites/lab1.yaml", "site: lab1", "site: lab2", "site is not the file's name"),
        ("sites/lab1.yaml", "connection: kea_lab1", "", "dhcp names no connection"),
        ("sites/lab1.yaml", "salt:\n  master", "salt:\n  mister", "salt.master is missing"),
        ("sites/lab1.yaml", "site: lab1", "site: [lab1", "is not YAML"),
        ("sites/lab1.yaml", "domain: lab1.turnup.example", "domain: Lab_1", "domain is 'Lab_1', expected to match"),
        ("sites/lab1.yaml", "approval: none", "approval: maybe", "approval is 'maybe', expected one of: none, required."),
        ("sites/lab1.yaml", "approval: none", "families: [ipv5]", "families[0] is 'ipv5', expected one of: ipv4, ipv6."),
        ("sites/lab1.yaml", "approval: none", "families: []", "families is empty."),
        ("sites/lab1.yaml", "approval: none", "families: [ipv6, ipv6]", "families holds the same entry twice: ipv6, ipv6."),
        ("sites/lab1.yaml", "approval: none", "tenants: acme", "tenants is 'acme', expected: array."),
        ("sites/lab1.yaml", "approval: none", "tenants: [The Acme]", "tenants[0] is 'The Acme', expected to match"),
        ("sites/lab1.yaml", "approval: none", "aproval: none", "aproval is not known here (did you mean approval?)"),
        ("sites/lab1.yaml", "  connection: haproxy_lab1\n", "", "traffic names no connection"),
        ("sites/lab1.yaml", "kind: haproxy  ", "kind: none  ", "traffic.pools need a load balancer"),
        ("sites/lab1.yaml", "{backend: edge, port: 80}", "{backend: edge}", "traffic.pools.edge.port is missing"),
        ("sites/lab1.yaml", "backend: edge,", "backend: 'edge; show info',", "traffic.pools.edge.backend is 'edge; show info'"),
        ("sites/lab1.yaml", "    edge: {backend", "    core: {backend", "traffic.pools.core is for the role core, which"),
        (
            "sites/lab1.yaml",
            "edge: {at_least",
            "core: {at_least",
            "capacity.core is for the role core, which salt.states does not",
        ),
        ("sites/lab1.yaml", "at_least: 4", "at_least: 0", "capacity.edge.at_least is 0, expected: 1 or more"),
        (
            "sites/lab1.yaml",
            "at_least_share: 0.5",
            "at_least_share: 50",
            "capacity.edge.at_least_share is 50, expected: 1 or less",
        ),
        (
            "hardware/labmetal-g1.yaml",
            "bmc: bmc",
            "bmc: bmc\n  other: [bmc]",
            "interfaces.other[0] is bmc, the management interface or",
        ),
        (
            "hardware/labmetal-g1.yaml",
            "bmc: bmc",
            "bmc: bmc\n  others: [eth1]",
            "interfaces.others is not known here (did you mean other?)",
        ),
    ],
)
def test_one_wrong_thing_is_named(inventory: Path, file: str, old: str, new: str, expected: str) -> None:
    edit(inventory / file, old, new)
    with pytest.raises(Refused) as refusal:
        load_policy(inventory, "lab1")
    assert expected in str(refusal.value)
    assert f"{inventory / file}:" in str(refusal.value)


def test_two_generations_cannot_share_a_device_type(inventory: Path) -> None:
    other = inventory / "hardware/other.yaml"
    other.write_text(
        (inventory / "hardware/labmetal-g1.yaml").read_text().replace("generation: labmetal-g1", "generation: other")
    )
    with pytest.raises(Refused, match=r"other\.yaml:\d+: device_types\[0\] is labmetal-g1, which labmetal-g1\.yaml has too"):
        load_policy(inventory, "lab1")


def test_an_empty_file_is_refused_not_a_crash(inventory: Path) -> None:
    (inventory / "hardware/empty.yaml").write_text("")
    with pytest.raises(Refused, match=r"empty\.yaml:1: the file is None, expected: object"):
        load_policy(inventory, "lab1")


def test_families_and_tenants_are_read_and_ipv4_alone_is_usual(inventory: Path) -> None:
    site = inventory / "sites/lab1.yaml"
    lines = [line for line in site.read_text().splitlines() if not line.startswith(("families:", "tenants:"))]
    site.write_text("\n".join(lines))
    usual = load_policy(inventory, "lab1").site
    assert (usual.families, usual.tenants) == ((4,), ())
    site.write_text("\n".join([*lines, "families: [ipv6, ipv4]", "tenants: [Acme, infra_2]"]))
    both = load_policy(inventory, "lab1").site
    assert (both.families, both.tenants) == ((4, 6), ("Acme", "infra_2"))


def test_pools_and_capacity_are_read_and_neither_is_needed(inventory: Path) -> None:
    site = load_policy(inventory, "lab1").site
    assert site.traffic == Traffic("haproxy", "haproxy_lab1", {"edge": Pool("edge", 80)})
    assert (site.capacity_of("edge"), site.capacity_of("storage")) == (Capacity(4, 0.5), Capacity(1, 0.5))
    file = inventory / "sites/lab1.yaml"
    head, rest = file.read_text().split("traffic:", 1)
    file.write_text(head + "bmc:" + rest.split("\nbmc:", 1)[1])
    bare = load_policy(inventory, "lab1").site
    assert (bare.traffic, bare.capacity_of("edge")) == (Traffic(), Capacity(1, 0.5))


def test_the_ports_of_a_generation_are_read(inventory: Path) -> None:
    edit(inventory / "hardware/labmetal-g1.yaml", "bmc: bmc", "bmc: bmc\n  other: [eth1, eth2]")
    hardware = load_policy(inventory, "lab1").hardware_of("labmetal-g1")
    assert hardware is not None
    assert hardware.other_interfaces == ("eth1", "eth2")
