"""What the pages need to know of the node that serves them."""

from dataclasses import dataclass
from datetime import UTC, tzinfo

__all__ = ["WebSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`form_key`: secret of 32 bytes or more that ties a form to the browser it was sent to.

    `https` says that readers come over https (also where a proxy ends it): cookies are then Secure.
    `zone` is where the institution is; days on the pages are those of its calendar.
    `provider_name` is that of the provider of identities as readers know it; empty: there is none.
    """

    institution_name: str
    form_key: bytes
    https: bool
    zone: tzinfo = UTC
    provider_name: str = ""
