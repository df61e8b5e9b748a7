"""What a DNS name says of itself: the registered domain it is in, what it may carry, whether it looks encoded."""

import re
from collections.abc import Collection
from operator import add
from typing import Final

_SECOND_LEVELS: Final = frozenset(
    "ac biz co com desa edu go gob gov gouv id info ltd me mil my ne net nhs nom or org ponpes sch web".split()  # noqa: SIM905 - reads as text
)
"""Second levels of countries under which others register: go.id, co.id, ac.uk, com.au, or.jp, …"""

_SERVICE: Final = re.compile(r"(?:^|\.)_(?:domainkey|dmarc|acme-challenge|tcp|udp|tls|sites|msdcs|spf|report|mta-sts|"
                             r"smtp|ldap|kerberos|kpasswd|gc|dns-sd|dns|sip|sips|xmpp[a-z-]*|autodiscover|"
                             r"[0-9]{1,5}|githubpages?|domainconnect|dnslink|bimi|vlmcs)(?:\.|$)")  # fmt: skip
_REVERSED_IPV4: Final = re.compile(r"^(?:[0-9]{1,3}\.){4}|^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$")
_NIBBLES: Final = re.compile(r"^(?:[0-9a-f]\.){16,}")
_DASHED_IPV4: Final = re.compile(r"(?:[0-9]{1,3}[-.]){3}[0-9]{1,3}")
_DATA_MIN: Final = 8  # octets below the domain: in shorter names a kilobyte takes hundreds of questions
_BESIDE_MAX: Final = 45  # octets beside a known form: the longest DKIM selectors, keys of block lists
_ENCODED_MIN: Final = 12  # octets below the domain: shorter ones say too little to judge

# The letter pairs that are most of written English and Indonesian, and so of names that people give.
_PAIRS: Final = frozenset(
    """th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld
    ur ri ro io ic ne me li co ll ch ma om ca el la ta ec us ac il na ho ap ai lo wo ma ka da ya me ke di be pe se ah ga
    ak ku ba pa ja su ru tu lu mi wa in ut up am ad em im um un nu mo no po do go vi id od op os ss tr pr br cl ct ns ts
    ck sh ee oo ss ff tt pp mm ow ew av iv ev ag ig og ge ay ey ly ot so we ww eb ws ns mx ai il ma cd dn ap pi im mg st
    at ic""".split()  # noqa: SIM905 - the same
)
_COMMON_SHARE: Final = 0.38  # base32 and base64 of noise have 0.13, hexadecimal 0.05, names of words 0.5 and more


ROOT: Final = "."
"""What a name is in that is in no domain."""


def registered(name: str, suffixes: Collection[str] = ()) -> str:
    """Return the domain that somebody registered: the last two labels, three below a public second level.

    `suffixes`: further domains under which others register, as `ddns.example`. A name whose last label can be no
    top-level domain (letters only, or `xn--`: RFC 3696, 2) is in none: `.`. Tools send such to a server of their own.
    """
    labels = name.rsplit(".", 3)
    if not labels[-1].isalpha() and not labels[-1].startswith("xn--"):
        return ROOT
    if len(labels) < 3:
        return name
    two = ".".join(labels[-2:])
    if two in suffixes or (len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS):
        return ".".join(labels[-3:])
    return two


def carried(below: str) -> int:
    """Return how many octets of data the labels below a registered domain may carry; 0 where their form is known.

    Addresses (block lists, names of rented machines) and labels of services (RFC 8552) are such forms, as long as what
    stands beside them is no longer than a selector or a key. Very short names carry nothing to speak of.
    """
    if len(below) < _DATA_MIN:
        return 0
    rest = _SERVICE.sub(".", below) if "_" in below else below
    for form in (_REVERSED_IPV4, _NIBBLES, _DASHED_IPV4):
        rest = form.sub("", rest)
    if rest != below and len(rest) <= _BESIDE_MAX:
        return 0
    return len(below) - below.count(".")


_LOOKED_AT: Final = 64  # octets from which a name is judged: more change nothing


def is_encoded(below: str) -> bool:
    """Tell whether labels look like encoded data and not like words: few of their letter pairs are of a language."""
    text = below.replace(".", "").replace("-", "")[:_LOOKED_AT]
    if len(text) < _ENCODED_MIN:
        return False
    pairs = sum(map(_PAIRS.__contains__, map(add, text, text[1:])))
    return pairs < _COMMON_SHARE * (len(text) - 1)


_GENERATED_MIN: Final = 7  # octets: most domains of shorter names are taken, so that programs make longer ones
_SEARCHED: Final = re.compile(r"[a-z0-9]\.(?:com|net|org|info|biz|edu|gov|io|co|id|go\.id|co\.id|arpa)(?:\.|$)")


def is_searched(below: str) -> bool:
    """Tell whether a whole name stands below another: a resolver's search list, or a list of domains to block."""
    return _SEARCHED.search(below) is not None


def has_form(below: str) -> bool:
    """Tell whether labels have a form that says what they are: an address, a service (RFC 8552)."""
    if "_" in below and _SERVICE.search(below) is not None:
        return True
    return any(form.search(below) is not None for form in (_REVERSED_IPV4, _NIBBLES, _DASHED_IPV4))


def is_generated(label: str) -> bool:
    """Tell whether one label looks as if drawn from letters and digits: few of its letter pairs are of a language."""
    text = label.replace("-", "")
    if len(text) < _GENERATED_MIN or text.startswith("xn"):
        return False
    pairs = sum(map(_PAIRS.__contains__, map(add, text, text[1:])))
    return pairs < _COMMON_SHARE * (len(text) - 1)
