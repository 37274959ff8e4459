import type { Request } from "@/wire/types";

/** One row of the queue: what is shown (over all runs of the group) and the requests that one answer decides. */
export interface Group { shown: Request; members: readonly Request[] }

const ALIKE: readonly Request["kind"][] = ["permission", "question"];

/** Equal in kind, project, words, command and answers: one answer fits all of them. Anything else stands alone. */
function likeness(request: Request): string {
  if (!ALIKE.includes(request.kind) || request.state !== "open") return request.id;
  const choices = request.choices.map((choice) => [choice.id, choice.label, choice.effect]);
  return JSON.stringify([request.kind, request.project, request.ask, request.command, choices]);
}

/** The same question from many runs is one row, with the id of the one that has waited longest. */
export function grouped(requests: readonly Request[]): Group[] {
  const groups = new Map<string, Request[]>();
  for (const request of requests.toSorted((a, b) => a.waitingSince - b.waitingSince || a.id.localeCompare(b.id))) {
    const same = likeness(request);
    groups.set(same, [...(groups.get(same) ?? []), request]);
  }
  return [...groups.values()].map((members) => ({ members, shown: merged(members) }));
}

const LEVEL = { low: 0, medium: 1, high: 2 };

/** Shown as the oldest, with everybody's runs, and with the highest risk of any: none is hidden behind another. */
function merged(members: readonly Request[]): Request {
  const [first] = members as [Request, ...Request[]];
  if (members.length === 1) return first;
  const risk = members.map((one) => one.risk).toSorted((a, b) => LEVEL[b] - LEVEL[a])[0]!;
  const flags = [...new Map(members.flatMap((one) => one.flags).map((flag) => [flag.label, flag])).values()];
  return { ...first, risk, flags, runs: [...new Set(members.flatMap((one) => one.runs))] };
}
