"""Addresses of product pages."""
import re

LONGEST = 60


def slug(name: str) -> str:
    """A name as a part of an address: lower case, words joined by a dash, at most 60 characters."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower())
    return text.strip("-")[:LONGEST].rstrip("-")
