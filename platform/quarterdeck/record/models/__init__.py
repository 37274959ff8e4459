"""What is true: every table of the house, split by noun."""

from quarterdeck.record.models.decisions import OPEN_REQUEST, Command, Decision, Request, RequestState
from quarterdeck.record.models.history import Checkpoint, CheckpointWrite, Event, Part, StreamHead
from quarterdeck.record.models.people import ApiToken, Audit, LoginLink, Member, Person, Role
from quarterdeck.record.models.plumbing import CallState, DoorsOpen, Lease, ModelCall, Outbox, SiteSetting
from quarterdeck.record.models.projects import Connection, Project, Repository, Ticket, TicketComment, TicketImage
from quarterdeck.record.models.proposals import Approval, BaseResult, Check, Proposal
from quarterdeck.record.models.runs import END_PHASES, OPEN_PHASES, AgentToken, Attempt, Run, RunRepository
from quarterdeck.record.models.trackers import (
    Breakdown,
    Delivery,
    Judgement,
    LinkCode,
    News,
    Report,
    SignIn,
    TrackerAccount,
    Watch,
    Wish,
)

__all__ = [
    "END_PHASES", "OPEN_PHASES", "OPEN_REQUEST", "AgentToken", "ApiToken", "Approval", "Attempt", "Audit",
    "BaseResult", "Breakdown", "CallState", "Check", "Checkpoint", "CheckpointWrite", "Command", "Connection",
    "Decision", "Delivery", "DoorsOpen", "Event", "Judgement", "Lease", "LinkCode", "LoginLink", "Member", "ModelCall",
    "News", "Outbox", "Part", "Person", "Project", "Proposal", "Report", "Repository", "Request", "RequestState", "Role",
    "Run", "RunRepository", "SignIn", "SiteSetting", "StreamHead", "Ticket", "TicketComment", "TicketImage", "TrackerAccount",
    "Watch", "Wish",
]  # fmt: skip
