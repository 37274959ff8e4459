import type { Decision } from "@/features/decide/plan";
import { APPROVE_VERB, APPROVE_WORD } from "@/lib/attention";
import { money } from "@/lib/money";
import type { PlanStep, Proposal, Request, Run } from "@/wire/types";

/** What the person has picked on requests and not yet sent, by request id. */
export interface Picks {
  choices: Readonly<Record<string, string>>;
  plans: Readonly<Record<string, PlanStep[]>>;
  amounts: Readonly<Record<string, number>>;
}

// The other kinds are answered by the verbs below the request: their choices would say the same twice.
const CHOSEN: readonly Request["kind"][] = ["question", "conflict", "budget"];
/** The answer of a budget request that grants more; every other one ends the work in its own way. */
const RAISE = "raise";

/** Whether a person picks one of several answers before the verb. */
export const choosable = (request: Request): boolean => CHOSEN.includes(request.kind) && request.choices.length > 0;

/** The chosen answer, else the agent's suggestion; a budget is raised unless something else is picked. */
export const choiceOf = (request: Request, picks: Picks): string | undefined =>
  choosable(request) ? picks.choices[request.id] ?? request.choices.find((one) => one.suggested)?.id ?? (request.kind === "budget" ? RAISE : undefined) : undefined;

export const planOf = (request: Request, picks: Picks): PlanStep[] => picks.plans[request.id] ?? request.plan;

/** The cap that A sets: what was typed, else what is offered, else as much again. */
export const amountOf = (request: Request, run: Run | undefined, picks: Picks): number =>
  picks.amounts[request.id] ?? request.amountMicro ?? 2 * Math.max(run?.capMicro ?? 0, run?.spentMicro ?? 0);

/** Whether A grants more: of a budget request, unless another answer than that is picked. */
export const raises = (request: Request, picks: Picks): boolean => request.kind === "budget" && (choiceOf(request, picks) ?? RAISE) === RAISE;

/** Whether it is money that ran out. Steps and time are granted by the agent itself, as much again: no cap moves. */
export const isMoney = (request: Request): boolean => request.facts.every((fact) => fact.label !== LIMIT || fact.value === "money");
export const LIMIT = "Limit";

/** What A is called: the kind's own word, or what was picked instead of a raise. */
export function approveWord(request: Request, picks: Picks): string {
  if (request.kind !== "budget") return APPROVE_WORD[request.kind];
  const chosen = choiceOf(request, picks);
  const other = request.choices.find((choice) => choice.id === chosen && choice.id !== RAISE);
  return other?.label ?? (isMoney(request) ? APPROVE_WORD.budget : "Grant more");
}

/** Why A cannot be pressed yet: a question without a picked answer, a cap that is spent already. Empty when it can. */
export function missing(request: Request, run: Run | undefined, picks: Picks): string {
  if (choosable(request) && choiceOf(request, picks) === undefined) return "Pick an answer first.";
  if (raises(request, picks) && isMoney(request) && amountOf(request, run, picks) <= (run?.spentMicro ?? 0)) return "The cap must be above what is spent.";
  return "";
}

/** What A sends for a request: the verb of its kind with what was picked. */
export function answerTo(request: Request, run: Run | undefined, picks: Picks, words: string): Decision {
  if (request.kind === "budget") return budgetAnswer(request, run, picks, words);
  const choice = choiceOf(request, picks);
  // The history says the answer in words, not by the id of a choice.
  const said = words || (request.choices.find((one) => choice !== undefined && one.id === choice)?.label ?? "");
  const plan = picks.plans[request.id];
  const head = request.kind === "review" && request.head ? { head: request.head } : {};
  return {
    verb: APPROVE_VERB[request.kind],
    ...(said ? { words: said } : {}), ...(choice ? { choice } : {}), ...(plan ? { plan } : {}), ...head,
  };
}

/** A raise names the cap; an end and a seal are answers to the agent, and move no money. */
function budgetAnswer(request: Request, run: Run | undefined, picks: Picks, words: string): Decision {
  const said = words ? { words } : {};
  if (raises(request, picks)) return { verb: APPROVE_VERB.budget, ...said, ...(isMoney(request) ? { amountMicro: amountOf(request, run, picks) } : {}) };
  const choice = choiceOf(request, picks) ?? "";
  return { verb: choice === "deny" ? "deny" : "answer", choice, ...said };
}

/** What approving does to this one, in a few words: the answer that is sent, the head that is merged. */
export function effectOf(request: Request, run: Run | undefined, picks: Picks): string {
  if (request.kind === "review") return `Merge ${request.head.slice(0, 7)} into ${run?.proposal?.base ?? "its branch"}`;
  if (raises(request, picks) && isMoney(request)) return `Raise the cap from ${money(run?.capMicro ?? 0, run?.currency)} to ${money(amountOf(request, run, picks), run?.currency)}`;
  const chosen = choiceOf(request, picks);
  const answer = request.choices.find((choice) => choice.id === chosen);
  return answer ? answer.label : APPROVE_WORD[request.kind];
}

/** The one word over many: approving is said only where all of them are approved. */
export function togetherWord(requests: readonly Request[]): string {
  const count = requests.length;
  const all = (...kinds: Request["kind"][]) => count > 0 && requests.every((one) => kinds.includes(one.kind));
  if (all("review")) return `Approve and merge ${count}`;
  if (all("plan", "permission") || count === 0) return `Approve ${count}`;
  return `Decide ${count} as listed`;
}

type RunOf = (request: Request) => Run | undefined;

/** Many at once is for what is alike and safe: high risk, and a head whose proof is thin, are always decided one by one. */
export function sortOut(targets: Request[], runOf: RunOf): [Request[], Request[]] {
  if (targets.length === 1) return [targets, []];
  const alone = targets.filter((request) => whyAlone(request, runOf(request)) !== "");
  return [targets.filter((request) => !alone.includes(request)), alone];
}

/** Why a request is left out of a bulk decision; empty when it is not. */
export function whyAlone(request: Request, run: Run | undefined): string {
  if (request.risk === "high") return "high risk is decided alone";
  if (request.kind === "review") return whyReviewAlone(request, run?.proposal ?? null);
  if (request.kind === "question" && !request.choices.some((one) => one.suggested)) return "a question needs its answer";
  return "";
}

/** An approval names the head that was seen, and what the platform re-ran of it must speak for it. */
function whyReviewAlone(request: Request, proposal: Proposal | null): string {
  if (!request.head || !proposal) return "a review needs its page";
  if (proposal.head !== request.head) return "its head has moved: open it";
  if (proposal.passToPass === null) return "no tests were re-run: open it";
  if ((proposal.broken ?? 0) > 0) return "it breaks tests: open it";
  return "";
}
