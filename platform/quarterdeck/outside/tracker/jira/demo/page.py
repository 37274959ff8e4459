"""The demonstration's one page: its tickets as Ida sees them, and what she may do with each."""

from html import escape
from typing import Any

from quarterdeck.outside.tracker.jira import adf_read
from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.demo import site
from quarterdeck.outside.tracker.jira.demo.site import AGENT, IDA, Row, Site

LABELS = ("agent:plan", "agent:implement")
ICON = '<link rel="icon" href="data:,">'  # or a browser asks for one
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#172b4d}
article{border-top:1px solid #dfe1e6;padding:1rem 0}h2{font-size:1rem;margin:0}small{color:#5e6c84}
form{display:inline-block;margin:.3rem .3rem 0 0}pre{white-space:pre-wrap;background:#f4f5f7;padding:.5rem;margin:.3rem 0}"""


def act(where: Site, form: dict[str, str]) -> None:
    """What a button of the page asks for; what is not known does nothing."""
    row = where.find(form.get("key", ""))
    if row is None:
        return
    labels, word = row["fields"]["labels"], form.get("word", "")
    changes: dict[str, dict[str, Any]] = {
        "label": {"labels": [*labels, word] if word not in labels else [one for one in labels if one != word]},
        "assign": {"assignee": None if row["fields"]["assignee"] else where.users[AGENT]},
        "move": {"status": site.status(word)} if word in site.STATUSES else {},
        "title": {"summary": word},
    }
    if form.get("what") == "say" and word:
        where.say(IDA, row, document(word))
    elif changed := changes.get(form.get("what", "")):
        where.edit(IDA, row, changed)


def agree(query: dict[str, str]) -> bytes:
    """Where a person opens her Jira to a client."""
    kept = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(one)}">' for name, one in query.items())
    form = f'<form action="/authorize">{kept}<button name="accept" value="1">Accept</button></form>'
    return _page("Open larkfield to Quarterdeck?", f"<p>It asks for: {escape(query.get('scope', ''))}</p>{form}")


def sorry() -> bytes:
    return _page("Unknown client", "<p>No client of this id is known here.")


def _page(title: str, inside: str) -> bytes:
    head = f'<meta charset="utf-8">{ICON}<style>{STYLE}</style><title>{title}</title>'
    return f'<!doctype html><html lang="en">{head}<h1>{title}</h1>{inside}'.encode()


def html(where: Site) -> bytes:
    with where.lock:
        rows = [where.shown(row) for row in where.issues.values()]
    said = "".join(_article(row, where.links[row["id"]]) for row in sorted(rows, key=lambda row: int(row["id"])))
    title = "<title>Jira, a demonstration</title><h1>Jira, a demonstration</h1><p>You are Ida Larkfield."
    return f'<!doctype html><html lang="en"><meta charset="utf-8">{ICON}<style>{STYLE}</style>{title}{said}'.encode()


def _article(row: Row, links: dict[str, Row]) -> str:
    f = row["fields"]
    who = f["assignee"]["displayName"] if f["assignee"] else "nobody"
    head = f"<h2>{escape(row['key'])} {escape(f['summary'])}</h2>"
    facts = " · ".join((f["issuetype"]["name"], f["status"]["name"], who, ", ".join(f["labels"])))
    buttons = [_button(row, "label", one, one) for one in LABELS]
    buttons += [_button(row, "assign", "", "unassign" if f["assignee"] else "assign to the agent")]
    buttons += [_button(row, "move", one, one) for one in ("To Do", "Done")]
    near = "".join(_link(one["object"]) for one in links.values())
    talk = "".join(_said(one) for one in f["comment"]["comments"])
    inside = f"{head}<small>{escape(facts)}</small><br>{''.join(buttons)}{near}{talk}{_write(row)}"
    return f'<article id="{escape(row["key"])}">{inside}</article>'


def _link(thing: Row) -> str:
    """Only an address of the web becomes a link."""
    if not thing["url"].startswith(("http://", "https://")):
        return ""
    return f'<p><a href="{escape(thing["url"])}">{escape(thing["title"])}</a>'


def _said(comment: Row) -> str:
    return f"<pre><b>{escape(comment['author']['displayName'])}</b>\n{escape(adf_read.markdown(comment['body']))}</pre>"


def _write(row: Row) -> str:
    key = escape(row["key"])
    hidden = f'<input type="hidden" name="key" value="{key}"><input type="hidden" name="what" value="say">'
    return (
        f'<form method="post">{hidden}<input name="word" aria-label="Comment on {key}"><button>comment</button></form>'
    )


def _button(row: Row, what: str, word: str, said: str) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("key", row["key"]), ("what", what), ("word", word))
    )
    return f'<form method="post">{hidden}<button>{escape(said)}</button></form>'
