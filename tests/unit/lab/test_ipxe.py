from __future__ import annotations

import pytest

from lab.metal.ipxe import BadScript, Script, parse

KERNEL, INITRD = "http://198.18.0.1:18080/images/production/vmlinuz", "http://198.18.0.1:18080/images/production/initrd.img"


def test_a_script_names_kernel_arguments_and_initrd() -> None:
    script = parse(f"#!ipxe\n# run 7\n\necho hello\nkernel {KERNEL} console=ttyS0 turnup.nonce=a1\ninitrd {INITRD}\nboot\n")
    assert script == Script(KERNEL, INITRD, ("console=ttyS0", "turnup.nonce=a1"))
    assert script.command_line == "console=ttyS0 turnup.nonce=a1"


def test_what_comes_after_boot_is_not_read() -> None:
    assert parse(f"#!ipxe\nkernel {KERNEL}\ninitrd {INITRD}\nboot\nshell\n").arguments == ()


def test_a_usual_boot_does_not_carry_the_nonce_of_an_earlier_one() -> None:
    script = Script(KERNEL, INITRD, ("turnup.nonce=a1", "turnup.hostname=n1"))
    assert script.without_nonce().arguments == ("turnup.hostname=n1",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "first line"),
        (f"kernel {KERNEL}\n", "first line"),
        ("#!ipxe\nsanboot iscsi:1\n", "line 2: not understood: sanboot"),
        ("#!ipxe\nkernel\n", "line 2: not understood"),
        ("#!ipxe\nkernel https://198.18.0.1/k\n", "line 2: not an http"),
        ("#!ipxe\nkernel file:///etc/passwd\n", "line 2: not an http"),
        (f"#!ipxe\nkernel {KERNEL}\nboot\n", "line 3: boot without"),
        (f"#!ipxe\nkernel {KERNEL}\ninitrd {INITRD}\n", "ends without boot"),
        ("<html>502 Bad Gateway</html>", "first line"),
    ],
)
def test_anything_else_is_refused_with_the_line_that_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(BadScript, match=reason):
        parse(text)
