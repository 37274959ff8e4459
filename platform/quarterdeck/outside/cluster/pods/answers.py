"""What the API server's refusals mean to the platform: try later, mend something first, or a person has to look. Pure."""

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.cluster.pods.api import Away, Said

AWAY = "cluster_away"


def translate(bad: Said | Away) -> Refused | TryLater:
    """Of a create. What the cluster itself suffers from is nobody's mistake: later."""
    if isinstance(bad, Away):
        return TryLater(f"The cluster does not answer: {bad}.", after=2.0, reason=AWAY)
    if bad.status == 403 and "exceeded quota" in bad.message:
        return TryLater(
            f"The agents' namespace is full: {_after(bad.message, 'exceeded quota')}.", after=5.0, reason="quota"
        )
    if bad.status in (401, 408, 409, 429) or bad.status >= 500:
        return TryLater(
            f"The cluster cannot answer now: {bad.message or bad.status}", after=bad.after or 2.0, reason=AWAY
        )
    return _mistake(bad)


def _mistake(bad: Said) -> Refused:
    if bad.status == 404:
        text, remedy = f"The cluster has no such thing: {bad.message}", "Make the agents' namespace and what it needs."
        return Refused(text, reason="no_namespace", remedy=remedy)
    if bad.status == 403 and "violates PodSecurity" in bad.message:
        return Refused(f"The namespace's Pod Security refuses the pod: {bad.message}", reason="pod_security",
                       remedy="Take out of the pod options what it names.")  # fmt: skip
    if bad.status == 403 and ("usage per" in bad.message or "LimitRange" in bad.message):
        return Refused(f"The namespace's limits refuse the pod: {bad.message}", reason="limits",
                       remedy="Ask for no more than the namespace's LimitRange allows.")  # fmt: skip
    if bad.status == 403:
        return Refused(f"The platform may not do that in the cluster: {bad.message}", reason="forbidden",
                       remedy="Give its account the rights that quarterdeck doctor lists.")  # fmt: skip
    return Refused(f"The cluster refuses the pod: {bad.message}", reason="invalid_place",
                   remedy="Mend what it names in the project's settings or the pod options.")  # fmt: skip


def _after(text: str, words: str) -> str:
    return text[text.find(words) :].rstrip(".")[:300]
