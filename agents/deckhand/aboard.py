"""The heavy half of an attempt: everything that imports LangGraph. Loaded in a thread while the repository is cloned."""

from deckhand.attempt import set_up
from deckhand.deck import Deck
from deckhand.graph import build
from deckhand.loop import live
from deckhand.mailbox import Mailbox
from deckhand.models.chat import Chat
from deckhand.outbox import Outbox
from deckhand.saver import HttpSaver
from deckhand.tools.shell import Shell
from deckhand.watch import Watch
from deckhand.workspace import Workspace
from deckwire.envelope import Welcome
from deckwire.words import Audience


def deck(
    url: str, welcome: Welcome, outbox: Outbox, mailbox: Mailbox, workspace: Workspace, shell: Shell, watch: Watch
) -> Deck:
    uplink = outbox.uplink
    chat = Chat(
        url,
        welcome.config.models,
        lambda: uplink.token(Audience.MODEL),
        lambda text: outbox.delta("typing", text),
        troubled=watch.say,
    )
    return Deck(welcome, outbox, mailbox, workspace, shell, chat, watch)


async def work(deck: Deck) -> None:
    await set_up(deck)
    saver = HttpSaver(deck.outbox, deck.workspace.first_act, push_again=deck.workspace.push_again)
    await live(deck, build(deck, saver))
