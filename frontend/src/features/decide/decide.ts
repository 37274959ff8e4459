import { me, mayDecide } from "@/app/session";
import { postDecision } from "@/features/decide/api/decide";
import { postUndo } from "@/features/decide/api/undo";
import { linesOf, posts, refusedOf, refusedRequests, type Decision } from "@/features/decide/plan";
import { DONE_WORD } from "@/lib/attention";
import { sayError } from "@/lib/http";
import { newKey } from "@/lib/key";
import { plural } from "@/lib/money";
import { serverNow } from "@/lib/server-time";
import { line } from "@/live/connection";
import { flush, peek, push } from "@/live/store";
import { notify } from "@/ui/toast";
import type { Receipt, Request, Run, Verb } from "@/wire/types";

export type { Decision } from "@/features/decide/plan";

/** Says why nothing can be decided now, and whether that is so. */
export function held(projects: readonly string[]): boolean {
  if (line.get() !== "live") {
    notify({ text: "Offline: nothing was sent. Decide again when the line is back." });
    return true;
  }
  if (projects.every((project) => mayDecide(me(), project))) return false;
  notify({ text: "You watch this project; deciding needs the right to supervise." });
  return true;
}

/** Decides requests, for all their runs. The screen answers at once; what is refused comes back with its reason. */
export async function decideRequests(requests: readonly Request[], decisionFor: (request: Request) => Decision): Promise<boolean> {
  if (held(requests.map((request) => request.project))) return false;
  paintDecided(requests, decisionFor);
  const groups = posts(requests, decisionFor);
  try {
    const receipts = await Promise.all(groups.map((group) => postDecision({ key: newKey(), ...group.decision, requests: group.requests, heads: group.heads })));
    const refused = refusedRequests(requests, linesOf(receipts));
    putBack(refused);
    announce(verbOf(groups.map((group) => group.decision)), receipts, refused.length > 0 ? () => void decideRequests(refused, decisionFor) : undefined);
    return refused.length < requests.length;
  } catch (error) {
    putBack(requests);
    notify({ text: sayError(error), retry: () => void decideRequests(requests, decisionFor) });
    return false;
  }
}

/** Decides runs as such: pause, resume, redirect, rewind, stop, merge. */
export async function decideRuns(ids: readonly string[], decision: Decision): Promise<boolean> {
  const runs = ids.flatMap((id) => peek().runs.get(id) ?? []);
  if (held(runs.map((run) => run.project))) return false;
  paintDesired(runs, decision.verb);
  try {
    const receipt = await postDecision({ key: newKey(), ...decision, runs: [...ids] });
    const refused = refusedOf([receipt]).map((one) => one.run);
    unpaintDesired(runs.filter((run) => refused.includes(run.id)));
    announce(decision.verb, [receipt], refused.length > 0 ? () => void decideRuns(refused, decision) : undefined);
    return refused.length < ids.length;
  } catch (error) {
    unpaintDesired(runs);
    notify({ text: sayError(error), retry: () => void decideRuns(ids, decision) });
    return false;
  }
}

const verbOf = (decisions: readonly Decision[]): Verb | undefined => {
  const verbs = new Set(decisions.map((one) => one.verb));
  return verbs.size === 1 ? decisions[0]?.verb : undefined;
};

function paintDecided(requests: readonly Request[], decisionFor: (request: Request) => Decision): void {
  for (const request of requests) {
    const { verb, words = "" } = decisionFor(request);
    push({ op: "paintRequest", id: request.id, set: { state: "decided", decided: { verb, by: me().person.name, at: serverNow(), words } } });
  }
  flush();
}

/** Back as it was, unless the platform has said something newer meanwhile. */
function putBack(requests: readonly Request[]): void {
  for (const request of requests) {
    const now = peek().requests.get(request.id);
    if (now && now.seq === request.seq) push({ op: "paintRequest", id: request.id, set: { state: request.state, decided: request.decided } });
  }
  flush();
}

const DESIRED: Partial<Record<Verb, Run["desired"]>> = { pause: "pause", stop: "stop", resume: "run" };

function paintDesired(runs: readonly Run[], verb: Verb): void {
  const desired = DESIRED[verb];
  if (!desired) return;
  push(...runs.map((run) => ({ op: "paintRun" as const, id: run.id, set: { desired } })));
  flush();
}

function unpaintDesired(runs: readonly Run[]): void {
  for (const run of runs) if (peek().runs.get(run.id)?.seq === run.seq) push({ op: "paintRun", id: run.id, set: { desired: run.desired } });
  flush();
}

/** One run: a sentence. Many, or a refusal: a receipt with a line for each. */
function announce(verb: Verb | undefined, receipts: readonly Receipt[], retry?: () => void): void {
  const lines = linesOf(receipts).map((one) => ({ run: one.run, label: one.ticketKey, fate: one.fate, why: one.why }));
  const landed = lines.filter((one) => one.fate !== "rejected").length;
  const what = lines.length === 1 ? lines[0]!.label : landed === lines.length ? plural(landed, "run") : `${landed} of ${plural(lines.length, "run")}`;
  const undoable = receipts.filter((receipt) => (receipt.undoUntil ?? 0) > serverNow()).map((receipt) => receipt.batch);
  const text = landed === 0 ? `Nothing was changed for ${lines.length === 1 ? what : plural(lines.length, "run")}` : `${verb ? DONE_WORD[verb] : "Decided"} ${what}`;
  notify({
    text,
    ...(undoable.length > 0 ? { undo: () => void undo(undoable) } : {}),
    ...(lines.length > 1 || landed < lines.length ? { lines } : {}),
    ...(retry ? { retry } : {}),
    ...(verb === "merge" ? { awaited: true } : {}),
  });
}

async function undo(batches: readonly string[]): Promise<void> {
  try {
    const receipts = await Promise.all(batches.map(postUndo));
    const lines = linesOf(receipts).map((one) => ({ run: one.run, label: one.ticketKey, fate: one.fate, why: one.why }));
    const refused = lines.filter((one) => one.fate === "rejected");
    notify(refused.length === 0 ? { text: "Undone. Nothing had been read by an agent yet." } : { text: `Not all of it could be undone`, lines });
  } catch (error) {
    notify({ text: sayError(error), failed: true });
  }
}
