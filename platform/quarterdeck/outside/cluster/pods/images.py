"""The names of images, looked at before a pod is made: an API server takes any text, and the kubelet would say no much later.

The grammar is that of github.com/distribution/reference: [host[:port]/]path[:tag][@digest], the path in lower case.
"""

import re

from quarterdeck.errors import Refused
from quarterdeck.outside.cluster.port import END_REASONS, END_REMEDIES, PlaceSpec

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
HOST = rf"(?:{LABEL}(?:\.{LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
TAG, DIGEST = r"\w[\w.-]{0,127}", r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
NAME = re.compile(rf"(?:{HOST}/)?{PART}(?:/{PART})*(?::{TAG})?(?:@{DIGEST})?", re.ASCII)
LONGEST = 4096
SHOWN = 200


def check(spec: PlaceSpec) -> None:
    """Of the project's own image, where it names one. Raises Refused(image_name)."""
    if spec.image and (len(spec.image) > LONGEST or not NAME.fullmatch(spec.image)):
        text = f"{END_REASONS['image_name'][1]} It is {spec.image[:SHOWN]!r}."
        raise Refused(text, reason="image_name", remedy=END_REMEDIES["image_name"])
