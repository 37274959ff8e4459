import type { Attention, Phase, Request, RequestKind, Risk, Run, Verb } from "@/wire/types";

export const ATTENTION_WORD: Record<Attention, string> = {
  "needs-you": "Needs you",
  working: "Working",
  elsewhere: "Waiting elsewhere",
  ready: "Ready",
  done: "Done",
  failed: "Failed",
  paused: "Paused",
  broken: "No contact",
};

/** The columns of the board, in the order in which a supervisor looks. */
export const COLUMNS: readonly { id: string; title: string; holds: readonly Attention[] }[] = [
  { id: "needs", title: "Needs you", holds: ["needs-you", "failed", "broken"] },
  { id: "working", title: "Working", holds: ["working"] },
  { id: "waiting", title: "Waiting elsewhere", holds: ["elsewhere", "paused"] },
  { id: "ready", title: "Ready", holds: ["ready"] },
  { id: "done", title: "Done", holds: ["done"] },
];

export const KIND_WORD: Record<RequestKind, string> = {
  plan: "Plan",
  question: "Question",
  permission: "Permission",
  budget: "Budget",
  review: "Review",
  conflict: "Conflict",
  failure: "Failure",
};

/** What the A key does for each kind: the button never says just "OK". */
export const APPROVE_WORD: Record<RequestKind, string> = {
  plan: "Approve plan",
  question: "Send answer",
  permission: "Allow once",
  budget: "Raise budget",
  review: "Open review",
  conflict: "Take the order",
  failure: "Retry",
};

/** The verb that A sends for each kind. */
export const APPROVE_VERB: Record<RequestKind, Verb> = {
  plan: "approve", question: "answer", permission: "approve", budget: "raise budget", review: "merge", conflict: "approve", failure: "retry",
};

export const DONE_WORD: Record<Verb, string> = {
  approve: "Approved", deny: "Refused", answer: "Answered", redirect: "Redirected", pause: "Pausing", resume: "Resuming", rewind: "Rewound",
  retry: "Retrying", stop: "Stopping", "raise budget": "Budget raised for", merge: "Merging",
};

/** What somebody did, after their name. A verb that this version does not know speaks for itself. */
export const VERB_DONE: Readonly<Record<string, string>> = {
  approve: "approved it", deny: "refused it", answer: "answered", redirect: "redirected it", pause: "paused it", resume: "resumed it", rewind: "rewound it",
  retry: "retried it", stop: "stopped it", "raise budget": "raised the budget", merge: "approved and merged it",
};

const ABOUT: Readonly<Record<RequestKind, string>> = {
  plan: "the plan", question: "the question", permission: "the command", budget: "the budget", review: "the review", conflict: "the conflict", failure: "the failure",
};

/** What somebody did, and to what: an approval of a plan beside a review is none of the review. */
export function didWhat({ verb, about, head }: { verb: string; about: RequestKind | null; head: string }): string {
  const what = about === "review" && head ? `the review of ${head.slice(0, 7)}` : about ? ABOUT[about] : "";
  if (what === "" || !["approve", "deny", "answer"].includes(verb)) return VERB_DONE[verb] ?? verb;
  if (verb === "approve" && about === "failure") return "retried it";
  if (verb === "approve" && about === "budget") return "raised the budget";
  if (verb === "approve" && about === "permission") return "allowed the command";
  return `${{ approve: "approved", deny: "refused", answer: "answered" }[verb]!} ${what}`;
}

/** What is asked, where the title stands beside it already: nothing is read twice. */
export function askBeside({ ask }: Pick<Request, "ask">, title: string): string {
  const start = `${title}: `;
  if (!ask.startsWith(start)) return ask;
  const rest = ask.slice(start.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

export const RISK_WORD: Record<Risk, string> = { low: "Low risk", medium: "Medium risk", high: "High risk" };
export const RISK_WEIGHT: Record<Risk, number> = { low: 1, medium: 2, high: 4 };

const PHASE_WORD: Record<Phase, string> = {
  queued: "Queued", starting: "Starting", working: "Working", waiting: "Waiting", paused: "Paused", sealing: "Sealing", review: "Review",
  publishing: "Publishing", published: "Published", merging: "Merging", merged: "Merged", closed: "Closed", failed: "Retry or stop", cancelled: "Stopped",
};

const ENDS: readonly Phase[] = ["merged", "closed", "failed", "cancelled"];
export const ended = (run: Run): boolean => ENDS.includes(run.phase);

const MISSED_BEATS = 3;

/** The platform's word, unless an agent that should speak has been silent for three heartbeats: then we do not know. */
export function attentionNow(run: Run, now: number): Attention {
  if (run.attention !== "working" || run.phase !== "working" || run.lastSignAt === null) return run.attention;
  return now - run.lastSignAt > MISSED_BEATS * run.heartbeatMs ? "broken" : run.attention;
}

/** Who or what acts, in one word or two. A wish that is not yet fulfilled is said as what it is: on its way. */
export function actorWord(run: Run, attention: Attention = run.attention): string {
  if (attention === "broken") return "No contact";
  if (!ended(run) && run.desired === "stop") return "Stopping";
  if (!ended(run) && run.desired === "pause" && run.phase !== "paused") return "Pausing";
  const retried = attention === "done" && run.phase === "failed";
  if (retried || attention === "needs-you" || attention === "elsewhere") return run.actor || PHASE_WORD[run.phase];
  return PHASE_WORD[run.phase];
}
