// Data for the mock: a small day at a small shop. Only for looking at pages while no platform runs.
const now = Date.now();
const min = (n) => now - n * 60_000;
export const PROJECT = { id: "p1", key: "ORD", name: "Orders", repository: "orders", branch: "main", currency: "USD", dials: { plan: "ask", permissions: "ask", publishing: "ask", merging: "ask" }, capMicro: 5_000_000, places: 4 };
export const PEOPLE = [{ id: "alice", name: "Alice Moreau" }, { id: "bob", name: "Bob Lind" }, { id: "dana", name: "Dana Okafor" }];

const step = (title, state, path, line, symbol, note = "") => ({ title, paths: [path], citations: [{ path, line, symbol }], state, note });
const plan = (done, active) => [
  ["Write a test that delivers the same refund twice", "tests/test_refunds.py", 88, "test_repeat"], ["Store each delivery once, refused by the database on repeat", "orders/models.py", 41, "Delivery"],
  ["Claim the receipt before the refund is written", "orders/webhooks.py", 23, "refund_received"], ["Answer 200 to a repeat, so that the provider stops", "orders/webhooks.py", 61, "reply"],
].map(([title, path, line, symbol], i) => step(title, i < done ? "done" : i === active ? "active" : "todo", path, line, symbol, i === 1 && done > 1 ? "A unique constraint as well: two workers could pass the check together." : ""));

const TITLES = {
  1: "Refund webhook is applied twice when the provider retries", 2: "Keep loyalty points right on partial refunds", 3: "Export settlements as CSV", 4: "Totals are off by a cent for three items",
  5: "Show the delivery fee before the address step", 6: "Mail the customer once when an order ships in parts", 7: "Reject coupons that ended yesterday", 8: "Speed up the order list for large shops",
};
export const ticket = (n) => ({ id: `t${n}`, key: `ORD-${n}`, title: TITLES[n], kind: n % 2 ? "Bug" : "Story", priority: n === 1 ? "High" : "Medium", labels: n === 1 ? ["payments"] : [], reporter: "Priya", description: `${TITLES[n]}.\n\nAcceptance: a test shows it, and the nightly report does not change.` });

let seqs = 0;
const attempt = (epoch, state, reason = "", started = 40, ended = null) => ({ epoch, place: `place-${epoch}`, state, reason, blame: state === "lost" ? "infrastructure" : "none", startedAt: min(started), endedAt: ended === null ? null : min(ended) });
export function run(n, phase, attention, actor, more = {}) {
  seqs += 10;
  return {
    id: `r${n}`, seq: 20, ticket: ticket(n), project: "p1", repository: "orders", branch: `qd/ord-${n}`, phase, desired: "run", reason: "", attention, actor, since: min(6 * n + 3), startedAt: min(90 + n), lastEventAt: min(n),
    lastSignAt: phase === "working" ? now : null, heartbeatMs: 5000, epoch: 2, place: phase === "working" ? "place-2" : "", owner: "Alice Moreau", model: "rehearsal", playbook: "implement", lane: 0, parent: null,
    spentMicro: 400_000 * n, reservedMicro: 0, capMicro: 5_000_000, currency: "USD", tokens: 61_000 * n, steps: 9 * n, stepCap: 120, plan: plan(phase === "review" ? 4 : 2, phase === "review" ? -1 : 2), planVersion: 1,
    lastLine: "31 passed, 1 failed: the rounding case", risk: n === 1 ? "high" : n % 2 ? "medium" : "low", flags: [], attempts: [attempt(1, "lost", "the machine went away; a free retry", 80, 50), attempt(2, phase === "working" ? "running" : "parked", "", 50, phase === "working" ? null : 10)],
    commands: [{ id: `c${n}`, verb: "redirect", words: "Do not touch Refund.total; the nightly report reads it.", by: "Alice Moreau", at: min(45), fate: "applied", why: "the agent has taken it up", endedAt: min(44), about: null, head: "" }],
    proposal: null, request: null, overlaps: [], queueReason: phase === "queued" ? "All 4 places are in use; 1 run before it." : "", failureText: "", failureRemedy: "", rehearsal: true, ...more,
  };
}

const HEAD = "4f2c9e1b7d00aa11bb22cc33dd44ee55ff667788";
export const PROPOSAL = {
  id: "pr1", head: HEAD, base: "main", baseSha: "91ab3d4b7d00aa11bb22cc33dd44ee55ff667788", digest: "d1", summary: "Each delivery is stored once; a repeat answers 200 and changes nothing.", pull: "", pullUrl: "", commits: 3, files: 3, added: 18, removed: 4,
  failToPass: 2, passToPass: 41, broken: 0, stillFailing: 0, beyondPlan: ["orders/settings.py"], checks: [{ name: "tests", state: "passed", note: "43 passed in 6 s" }],
};

const ask = (id, kind, n, text, more = {}) => ({
  id, seq: 20, kind, project: "p1", runs: [`r${n}`], interrupt: "", ask: text, context: "orders/loyalty.py rounds points down per line; the nightly job rounds per order. They differ by one point in 11 of 240 sample orders.", waitingSince: min(14 * n),
  risk: "medium", flags: [], choices: [], facts: [], quotes: [], plan: [], approveMeans: "Sends the chosen answer. The agent goes on with step 3.", command: "", reversible: "Can be changed until the agent seals.", amountMicro: null, state: "open", until: null, to: "", toId: "", decided: null, ...more,
});

export const RUNS = [
  run(1, "review", "ready", "", { proposal: PROPOSAL, request: "q1", flags: [{ label: "Payments path", why: "orders/webhooks.py is protected in this project: a person merges it.", level: "high" }] }),
  run(2, "waiting", "needs-you", "Question"), run(3, "waiting", "needs-you", "Budget", { spentMicro: 4_950_000 }), run(4, "waiting", "needs-you", "Plan", { plan: plan(0, -1) }),
  run(5, "working", "working", ""), run(6, "working", "working", "", { lastSignAt: min(1), heartbeatMs: 5000 }), run(7, "queued", "elsewhere", "Queued"),
  run(8, "failed", "failed", "Retry or stop", { failureText: "The tests could not be started twice.", failureRemedy: "Correct the test command in Settings, then retry." }),
];

export const REQUESTS = [
  ask("q1", "review", 1, "Review the refund webhook fix and merge it", { risk: "high", context: "Two tests that failed pass now, 41 still pass. One file beyond the plan." }),
  ask("q2", "question", 2, "A third of an order is refunded. Which points go back?", {
    quotes: [{ title: "orders/loyalty.py, line 74", lines: "def points_for(line):\n    return int(line.total * RATE)  # down, line by line", tone: "plain" }],
    choices: [{ id: "a", label: "Round down per line", effect: "As the checkout does. 11 old orders stay off by one.", suggested: true }, { id: "b", label: "Round half up per order", effect: "As the nightly job does.", suggested: false }],
  }),
  ask("q3", "budget", 3, "The cap is nearly reached in step 3 of 4. Raise it?", { amountMicro: 8_000_000, approveMeans: "Raises the cap of this run to the amount below.", facts: [{ label: "Spent", value: "$4.95", tone: "warn" }, { label: "Expected more", value: "$1.20", tone: "plain" }] }),
  ask("q4", "plan", 4, "Plan: round once, at the end", { risk: "low", plan: plan(0, -1), approveMeans: "Starts step 1 in a new attempt.", reversible: "Rewind brings back the plan." }),
  ...[5, 6].map((n) => ask(`q${n}`, "permission", n, "Install packages from the lock file", { risk: "high", waitingSince: min(70 - n), command: "pip install -r requirements.lock", approveMeans: "Lets this one command run once.", reversible: "Nothing to undo: the place is thrown away." })),
];

const event = (seq, what, kind, text, more = {}) => ({ seq, at: min(60 - seq * 2), epoch: 2, kind, what, step: seq, by: "", text, detail: "", output: "", costMicro: 0, sha: "", planStep: null, resumedAt: null, undone: false, ...more });
export const timeline = () => [
  event(1, "state", "opened", "Opened for ORD-5 by Alice Moreau"), event(2, "read", "read", "orders/webhooks.py, lines 1 to 64"),
  event(3, "thought", "said", "The provider retries when our answer takes longer than 5 s, so a slow mail server makes a second delivery likely."), event(4, "cost", "spent", "One model call", { costMicro: 41_000 }),
  event(5, "plan", "progressed", "Step 1 begins", { planStep: 0, detail: "active" }), event(6, "edit", "edited", "tests/test_refunds.py: +14"),
  event(7, "test", "tested", "Ran the tests: 0 passed, 1 failed", { output: "F\nE   assert Decimal('25.00') == Decimal('12.50')\n1 failed in 0.41s", detail: "pytest tests/test_refunds.py -q" }), event(8, "commit", "committed", "Saved as 20fe1aa", { sha: "20fe1aab", step: 8 }),
  event(9, "plan", "progressed", "Step 2 begins", { planStep: 1, detail: "active" }), event(10, "error", "failed", "The edit was refused: it would not parse (unexpected indent, line 41)", { output: "IndentationError: unexpected indent" }),
  event(11, "shell", "ran", "Ran python: exit 0, 0.9 s", { detail: "python manage.py makemigrations orders", output: "Migrations for 'orders':\n  \u001b[32m+\u001b[0m Create model Delivery" }), event(12, "commit", "committed", "Saved as 5c2b0d9", { sha: "5c2b0d9b", step: 12, costMicro: 20_000 }),
  event(13, "decision", "decided", "Alice Moreau: do not touch Refund.total; the nightly report reads it."), event(14, "plan", "progressed", "Step 3 begins", { planStep: 2, detail: "active" }),
  event(15, "shell", "ran", "Ran pytest: exit 0, 6.0 s", { detail: "pytest -q", output: "........................................... 43 passed in 6.02s" }), event(16, "thought", "said", "Refund.total is not touched by this plan."),
  event(17, "cost", "spent", "One model call", { costMicro: 62_000 }), event(18, "edit", "edited", "orders/webhooks.py: +9 −4"), event(19, "read", "read", "orders/mail.py, lines 1 to 40"), event(20, "note", "noted", "Ready to test again"),
];

const PATCH = `diff --git a/orders/webhooks.py b/orders/webhooks.py
--- a/orders/webhooks.py
+++ b/orders/webhooks.py
@@ -1,9 +1,11 @@
 import json
 import logging
+from decimal import Decimal
 
-from django.db import transaction
+from django.db import IntegrityError, transaction
 from django.http import HttpRequest, HttpResponse
 
 log = logging.getLogger(__name__)
+SECRET\u200b = "zero width"
 
 
`;
const file = (path, patch, badges, added, removed, status = "changed") => ({ path, oldPath: "", status, added, removed, badges, patch });
export const DIFF = {
  base: PROPOSAL.baseSha, head: HEAD, digest: "d1", truncated: false, commits: [{ sha: HEAD, title: "Store each delivery once", at: min(20) }],
  files: [file("orders/webhooks.py", PATCH, ["protected path", "invisible characters"], 3, 1), file("tests/test_refunds.py", "diff --git a/tests/test_refunds.py b/tests/test_refunds.py\nnew file mode 100644\n--- /dev/null\n+++ b/tests/test_refunds.py\n@@ -0,0 +1,3 @@\n+def test_repeat(client):\n+    assert deliver(client).status_code == 200\n+    assert deliver(client).status_code == 200\n", [], 3, 0, "added"), file("docs/flow.png", "", ["binary"], 0, 0)],
};
export const EVIDENCE = [
  { kind: "f2p", what: "Failed before, pass now", figure: "2", note: "on the base they fail, on the head they pass", state: "good", items: ["tests/test_refunds.py::test_repeat", "tests/test_refunds.py::test_race"] },
  { kind: "p2p", what: "Passed before, pass now", figure: "41", note: "none broken", state: "good", items: [] }, { kind: "still_failing", what: "Fail before and now", figure: "0", note: "", state: "good", items: [] },
  { kind: "beyond_plan", what: "Files beyond the plan", figure: "1", note: "", state: "warn", items: ["orders/settings.py"] }, { kind: "cost", what: "Cost", figure: "$0.40", note: "of $5.00", state: "good", items: [] }, { kind: "time", what: "Time", figure: "1h 20m", note: "in 2 attempts", state: "good", items: [] },
];
