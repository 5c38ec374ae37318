"""Boot scripts: the few lines of iPXE's language that this metal understands."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

NONCE = "turnup.nonce="


class BadScript(ValueError):
    """A line that the firmware cannot follow; it boots nothing rather than half of a script."""


@dataclass(frozen=True)
class Script:
    """Which kernel with which arguments, and which initial RAM disk."""

    kernel: str
    initrd: str
    arguments: tuple[str, ...] = ()

    @property
    def command_line(self) -> str:
        return " ".join(self.arguments)

    def without_nonce(self) -> Script:
        """The same without the one-time nonce: a later boot of the same image must not pass for the one it was made for."""
        return Script(self.kernel, self.initrd, tuple(word for word in self.arguments if not word.startswith(NONCE)))


def parse(text: str) -> Script:
    """The script's boot, or `BadScript` with the line that is wrong."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "#!ipxe":
        raise BadScript("the first line is not #!ipxe")
    kernel = initrd = ""
    arguments: tuple[str, ...] = ()
    for number, line in enumerate(lines[1:], start=2):
        match line.split():
            case [] | ["echo", *_]:
                continue
            case [word, *_] if word.startswith("#"):
                continue
            case ["kernel", url, *words]:
                kernel, arguments = _http(url, number), tuple(words)
            case ["initrd", url]:
                initrd = _http(url, number)
            case ["boot"]:
                if not kernel or not initrd:
                    raise BadScript(f"line {number}: boot without a kernel and an initrd")
                return Script(kernel, initrd, arguments)
            case _:
                raise BadScript(f"line {number}: not understood: {line.strip()[:80]}")
    raise BadScript("the script ends without boot")


def _http(url: str, number: int) -> str:
    if urlsplit(url).scheme != "http" or not urlsplit(url).hostname:
        raise BadScript(f"line {number}: not an http:// address: {url[:80]}")
    return url
