"""What the API server's refusals mean to the platform: try later, mend something first, or a person has to look. Pure."""

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.cluster.pods import quota
from quarterdeck.outside.cluster.pods.api import Away, Said
from quarterdeck.outside.cluster.port import END_REMEDIES

AWAY = "cluster_away"
OPERATORS_S = 30.0
# (status, what the server says, reason, what a person does). What only the operator can mend holds for everybody: it keeps
# the queue, and all goes on when it is mended; to fail each run that waits would leave them all to be started again.
OPERATORS = (
    (403, "cannot create resource", "forbidden", "Give its account the rights that quarterdeck doctor lists."),
    (403, "because it is being terminated", "no_namespace", "Make the agents' namespace again when it is gone."),
    (403, "error looking up service account", "no_namespace", "Make the agents' namespace and what it needs."),
    (404, "", "no_namespace", "Make the agents' namespace and what it needs."),
)
PERSONS = (
    (403, "violates PodSecurity", "pod_security", "Take out of the pod options what it names."),
    (403, "RuntimeClass", "no_such_class", "Correct the runtime class in the project's settings, or let the cluster have it."),
    (403, "no PriorityClass", "no_such_class", "Correct the priority class in the pod options, or let the cluster have it."),
    (403, "usage per", "limits", "Ask for no more than the namespace's LimitRange allows."),
    (403, "LimitRange", "limits", "Ask for no more than the namespace's LimitRange allows."),
    (403, "failed quota", "limits", "Take out of the namespace's quota what agents' pods do not ask for."),
    (403, "", "policy", "Change the project's image, labels or limits, or the cluster's policy that it names."),
    (None, "", "invalid_place", "Mend what it names in the project's settings or the pod options."),
)  # fmt: skip


def translate(bad: Said | Away) -> Refused | TryLater:
    """Of a create. What the cluster itself suffers from is nobody's mistake: later."""
    if isinstance(bad, Away):
        return TryLater(f"The cluster does not answer: {bad}.", after=2.0, reason=AWAY)
    if bad.status == 403 and "exceeded quota" in bad.message:
        return _full(bad.message)
    if bad.status in (401, 408, 409, 429) or bad.status >= 500:
        return TryLater(
            f"The cluster cannot answer now: {bad.message or bad.status}", after=bad.after or 2.0, reason=AWAY
        )
    for status, words, reason, remedy in OPERATORS:
        if bad.status == status and words in bad.message:
            return TryLater(f"The cluster refuses every pod: {bad.message}. {remedy}", after=OPERATORS_S, reason=reason)
    return _mistake(bad)


def _full(message: str) -> Refused | TryLater:
    if over := quota.never(message):
        text = f"The agents' namespace never has room for it. {over}."
        return Refused(text, reason="too_large", remedy=END_REMEDIES["too_large"])
    words = _after(message, "exceeded quota")
    return TryLater(f"The agents' namespace is full: {words}.", after=5.0, reason="quota")


def _mistake(bad: Said) -> Refused:
    reason, remedy = next(
        (reason, remedy)
        for status, words, reason, remedy in PERSONS
        if status in (None, bad.status) and words in bad.message
    )
    return Refused(f"The cluster refuses the pod: {bad.message}", reason=reason, remedy=remedy)


def _after(text: str, words: str) -> str:
    return text[text.find(words) :].rstrip(".")[:300]
