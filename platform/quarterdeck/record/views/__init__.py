"""Rows → what screens are drawn from (deckwire.views). Reads only; nothing here decides or writes."""
