"""What the acceptance image has and no other: the programs that erase and prove, their marker, and whose orders they obey."""

from __future__ import annotations

from collections.abc import Mapping

from lab import authority
from turnup.erasure import payload


def files() -> Mapping[str, tuple[bytes, int]]:
    """{path in the image: (content, mode)}."""
    _, public = authority.erasure_key("order")
    return payload.files(public.read_bytes())
