"""Whether a full ResourceQuota will ever have room for a pod: what is asked against the whole of it. Pure.

The API server says of a pod that is over: `exceeded quota: <name>, requested: a=1,b=2, used: …, limited: …`.
"""

import re
from decimal import Decimal, InvalidOperation

EXCEEDED = re.compile(r"exceeded quota: (.+?), requested: (.*?), used: .*?, limited: (.*)")
NUMBER = re.compile(r"([0-9.]+)(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")
UNITS = {"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal(1000)}
UNITS |= {unit: Decimal(1000) ** power for power, unit in enumerate("MGTPE", 2)}
UNITS |= {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)}


def never(message: str) -> str:
    """In words, what is asked beyond the whole quota; "" when it fits as soon as others have gone. A limit of nothing at all
    is an operator who lets nobody in for now, and no pod's size."""
    found = EXCEEDED.search(message)
    if found is None:
        return ""
    name, asked, limited = found.group(1), _listed(found.group(2)), _listed(found.group(3))
    over = [one for one in asked if one in limited and _worth(asked[one]) > _worth(limited[one]) > 0]
    return "; ".join(
        f"{one}: it asks for {asked[one]}, and the quota {name} is {limited[one]} in all" for one in sorted(over)
    )


def _listed(text: str) -> dict[str, str]:
    """`requests.cpu=1,pods=2` by name; what follows the last value (a webhook's or a proxy's words) is left out."""
    pairs = (one.strip().partition("=") for one in text.split(","))
    return {name: value.split()[0].rstrip(".;") for name, _, value in pairs if value.strip()}


def _worth(quantity: str) -> Decimal:
    """Of a quantity as Kubernetes writes it. What is none is worth nothing: it proves nothing about room."""
    found = NUMBER.fullmatch(quantity)
    try:
        number = Decimal(found.group(1)) if found else Decimal(0)
    except InvalidOperation:
        return Decimal(0)
    exponent, unit = (found.group(2), found.group(3)) if found else (None, None)
    return number.scaleb(int(exponent)) if exponent else number * UNITS.get(unit or "", Decimal(1))
