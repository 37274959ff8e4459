import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { mayDecide, useMe } from "@/app/session";
import { decideRequests, decideRuns, held, type Decision } from "@/features/decide/decide";
import { answerTo, missing, sortOut, type Picks } from "@/features/inbox/answers";
import { runOf } from "@/features/inbox/run-of";
import { delegate, snooze, takeBack } from "@/features/inbox/set-aside";
import type { Queue } from "@/features/inbox/use-queue";
import { pausable, redirectable } from "@/lib/possible";
import { peek } from "@/live/store";
import { redirectRuns } from "@/features/run/api/redirect-run";
import { notify } from "@/ui/toast";
import type { Person, PlanStep, Request, Run } from "@/wire/types";

export type Composer = "none" | "redirect" | "words" | "plan" | "refuse";

export interface Triage {
  current: Request | undefined;
  index: number;
  marked: ReadonlySet<string>;
  composer: Composer;
  picks: Picks;
  targets: Request[];
  may: boolean;
  /** Whether one of the targets' runs would pause, or read words. */
  canPause: boolean;
  canRedirect: boolean;
  go(index: number): void;
  mark(id: string): void;
  markAll(ids: readonly string[]): void;
  extend(step: 1 | -1): void;
  clear(): void;
  choose(id: string): void;
  editPlan(plan: PlanStep[]): void;
  setAmount(micro: number): void;
  compose(mode: Composer): void;
  approve(words?: string): void;
  refuse(words: string): void;
  redirect(words: string): void;
  pause(): void;
  snooze(): void;
  takeBack(): void;
  delegate(to: Person): void;
}

const NO_PICKS: Picks = { choices: {}, plans: {}, amounts: {} };

/** Everything the inbox can do, without a pixel. The page binds keys and buttons to the same functions. */
export function useTriage(queue: Queue, wanted: string | undefined, onSelect: (id: string | undefined) => void): Triage {
  const { shown } = queue;
  const open = useNavigate();
  const who = useMe();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [composer, compose] = useState<Composer>("none");
  const [picks, setPicks] = useState<Picks>(NO_PICKS);
  const found = shown.findIndex((request) => request.id === wanted);
  const index = found === -1 ? 0 : found;
  const current = shown[index];
  const chosenMarks = shown.filter((request) => marked.has(request.id));
  const targets = (chosenMarks.length > 0 ? chosenMarks : current ? [current] : []).filter((request) => request.state !== "decided");

  const go = (to: number) => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, to))];
    if (next) onSelect(next.id);
    queue.sweep();
    compose("none");
  };
  const leave = (gone: Request[]) => {
    const next = shown.slice(index).find((request) => !gone.includes(request)) ?? shown.find((request) => !gone.includes(request));
    onSelect(next?.id);
    setMarked(new Set());
    compose("none");
  };
  const may = (list: Request[]) => list.length > 0 && !held(list.map((request) => request.project));
  const members = (list: Request[]) => list.flatMap((request) => queue.membersOf(request));
  // What was picked on the row is the answer of everyone behind it.
  const decide = (list: Request[], decisionFor: (request: Request) => Decision) => {
    if (!may(list)) return;
    leave(list);
    const decisions = new Map(list.flatMap((row) => queue.membersOf(row).map((one) => [one.id, decisionFor(row)] as const)));
    void decideRequests(members(list), (request) => decisions.get(request.id) ?? decisionFor(request));
  };
  const aside = (list: Request[], act: (list: readonly Request[]) => Promise<void>) => {
    if (!may(list)) return;
    leave(list);
    void act(members(list));
  };
  const runsOf = (list: readonly Request[], can: (run: Run | undefined) => boolean) => list.flatMap((request) => request.runs).filter((id) => can(peek().runs.get(id)));
  // A redirect answers a request that waits for words; a sealed head or a failure is redirected as a run.
  const asked = targets.filter((request) => request.kind !== "review" && request.kind !== "failure");
  const readers = runsOf(targets.filter((request) => !asked.includes(request)), redirectable);
  const pausing = runsOf(targets, pausable);
  const pick = (part: (before: Picks, id: string) => Picks) => { if (current) setPicks((before) => part(before, current.id)); };

  return {
    current, index, marked, composer, picks, targets, go,
    compose: (mode) => { if (mode !== "redirect" || asked.length + readers.length > 0) compose(mode); },
    may: targets.length > 0 && targets.every((request) => mayDecide(who, request.project)),
    canPause: pausing.length > 0, canRedirect: asked.length + readers.length > 0,
    mark: (id) => setMarked((before) => toggle(before, id)),
    markAll: (ids) => setMarked(new Set(ids)),
    extend: (step) => { if (current) setMarked((before) => new Set([...before, current.id, shown[index + step]?.id ?? current.id])); go(index + step); },
    clear: () => { setMarked(new Set()); compose("none"); },
    choose: (choice) => pick((before, id) => ({ ...before, choices: { ...before.choices, [id]: choice } })),
    editPlan: (plan) => pick((before, id) => ({ ...before, plans: { ...before.plans, [id]: plan } })),
    setAmount: (micro) => pick((before, id) => ({ ...before, amounts: { ...before.amounts, [id]: micro } })),
    approve: (words = "") => {
      const [first] = targets;
      if (targets.length === 1 && first?.kind === "review") return void open({ to: "/review/$id", params: { id: first.runs[0]! } });
      const [together] = sortOut(targets, runOf);
      const why = together.map((request) => missing(request, runOf(request), picks)).find(Boolean);
      // An answer in own words needs no picked one.
      if (why && !words) return notify({ text: why });
      decide(together, (request) => answerTo(request, runOf(request), picks, words));
    },
    refuse: (words) => decide(targets.filter((request) => request.kind === "permission"), () => ({ verb: "deny", words })),
    redirect: (words) => {
      if (!may(targets)) return;
      leave(asked);
      if (asked.length > 0) void decideRequests(members(asked), () => ({ verb: "redirect", words }));
      if (readers.length > 0) void redirectRuns(readers, words);
    },
    pause: () => { if (pausing.length > 0 && may(targets)) { leave([]); void decideRuns(pausing, { verb: "pause" }); } },
    snooze: () => aside(targets, snooze),
    takeBack: () => aside(targets, takeBack),
    delegate: (to) => aside(targets, (list) => delegate(list, to)),
  };
}

function toggle(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}
