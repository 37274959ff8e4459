import { stands } from "@/lib/standing";
import type { Events, Person, Project, Request, Run, ServerFrame, Snapshot, TimelineEvent } from "@/wire/types";

/** All that the screens show of what is live. `upTo` is, per opened run, the last seq its timeline covers. */
export interface World {
  runs: ReadonlyMap<string, Run>;
  requests: ReadonlyMap<string, Request>;
  projects: ReadonlyMap<string, Project>;
  people: ReadonlyMap<string, Person>;
  timelines: ReadonlyMap<string, readonly TimelineEvent[]>;
  upTo: ReadonlyMap<string, number>;
  heads: ReadonlyMap<string, number>;
}

/** What can change the world: frames of the socket, answers to reads, and what the person's own key painted. */
export type Incoming =
  | ServerFrame
  | { op: "snapshot"; snapshot: Snapshot }
  | { op: "opened"; run: string; snapshot: Snapshot }
  | { op: "fetched"; run: string; after: number; events: Events }
  | { op: "left"; run: string }
  | { op: "decided"; requests: readonly Request[] }
  | { op: "paintRequest"; id: string; set: Partial<Request> }
  | { op: "paintRun"; id: string; set: Partial<Run> };

/** What a batch touched: single rows, whether any list must be cut anew, and timelines with a hole to be fetched. */
export interface Touched { runs: Set<string>; requests: Set<string>; lists: boolean; all: boolean; gaps: Set<string> }

export const EMPTY: World = {
  runs: new Map(), requests: new Map(), projects: new Map(), people: new Map(), timelines: new Map(), upTo: new Map(), heads: new Map(),
};

/** A timeline keeps its newest events; older ones are read from the ledger when asked for. */
export const KEPT = 2000;

type Draft = { -readonly [K in keyof World]: World[K] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never };

const draftOf = (world: World): Draft => ({
  runs: new Map(world.runs), requests: new Map(world.requests), projects: new Map(world.projects), people: new Map(world.people),
  timelines: new Map(world.timelines), upTo: new Map(world.upTo), heads: new Map(world.heads),
});

/** Pure: the old world and a batch in, the new world out. One copy of each map per batch, however many frames. */
export function apply(world: World, batch: readonly Incoming[]): { world: World; touched: Touched } {
  const draft = draftOf(world);
  const touched: Touched = { runs: new Set(), requests: new Set(), lists: false, all: false, gaps: new Set() };
  for (const one of batch) step(draft, one, touched);
  return { world: draft, touched };
}

function step(draft: Draft, one: Incoming, touched: Touched): void {
  switch (one.op) {
    case "snapshot": return reset(draft, one.snapshot, touched);
    case "opened": return opened(draft, one.run, one.snapshot, touched);
    case "card": return card(draft, one.run, touched);
    case "request": return ask(draft, one.request, touched);
    case "decided": return one.requests.forEach((request) => ask(draft, request, touched));
    case "events": return events(draft, one.run, one.from, one.to, one.events, touched);
    case "fetched": return fetched(draft, one.run, one.after, one.events, touched);
    case "left": return left(draft, one.run);
    case "heads": return heads(draft, one.heads, touched);
    case "paintRequest": return paintRequest(draft, one.id, one.set, touched);
    case "paintRun": return paintRun(draft, one.id, one.set, touched);
    default: return; // delta, changed, resync, pong, refused: no state of the world
  }
}

/** Everything is replaced; only the timelines of opened runs stay, for they have cursors of their own. */
function reset(draft: Draft, snapshot: Snapshot, touched: Touched): void {
  const watched = [...draft.timelines.keys()].flatMap((id) => draft.runs.get(id) ?? []);
  draft.runs = new Map(watched.map((run) => [run.id, run]));
  snapshot.runs.forEach((run) => draft.runs.set(run.id, run));
  draft.requests = new Map(snapshot.requests.map((request) => [request.id, request]));
  draft.projects = new Map(snapshot.projects.map((project) => [project.id, project]));
  draft.people = new Map(snapshot.people.map((person) => [person.id, person]));
  draft.heads = new Map(Object.entries(snapshot.heads));
  touched.lists = true;
  touched.all = true;
}

function opened(draft: Draft, run: string, snapshot: Snapshot, touched: Touched): void {
  snapshot.runs.forEach((one) => card(draft, one, touched));
  snapshot.requests.forEach((request) => ask(draft, request, touched));
  const last = snapshot.timeline.at(-1)?.seq ?? 0;
  draft.timelines.set(run, snapshot.timeline.slice(-KEPT));
  draft.upTo.set(run, Math.max(snapshot.heads[run] ?? 0, last));
  touched.runs.add(run);
}

/** Newer replaces older. The same seq again is taken too: a heartbeat moves the card without an event. */
function card(draft: Draft, run: Run, touched: Touched): void {
  const before = draft.runs.get(run.id);
  if (before && before.seq > run.seq) return;
  draft.runs.set(run.id, run);
  reach(draft, run.id, run.seq);
  touched.runs.add(run.id);
  if (!before || before.attention !== run.attention || before.phase !== run.phase || before.since !== run.since) touched.lists = true;
}

function ask(draft: Draft, request: Request, touched: Touched): void {
  const before = draft.requests.get(request.id);
  if (before && before.seq > request.seq) return;
  draft.requests.set(request.id, request);
  touched.requests.add(request.id);
  touched.lists = true;
}

/** Appends what follows without a hole. A hole appends nothing and is named, so that it is read from the ledger. */
function events(draft: Draft, run: string, from: number, to: number, list: readonly TimelineEvent[], touched: Touched): void {
  const upTo = draft.upTo.get(run);
  if (upTo === undefined || to <= upTo) return;
  if (from > upTo + 1) {
    touched.gaps.add(run);
    return;
  }
  append(draft, run, list, to, touched);
}

function fetched(draft: Draft, run: string, after: number, answer: Events, touched: Touched): void {
  const upTo = draft.upTo.get(run);
  if (upTo === undefined || after > upTo) return;
  const last = answer.events.at(-1)?.seq ?? answer.head;
  append(draft, run, answer.events, last, touched);
  if (last < answer.head) touched.gaps.add(run);
}

function append(draft: Draft, run: string, list: readonly TimelineEvent[], to: number, touched: Touched): void {
  const upTo = draft.upTo.get(run) ?? 0;
  const fresh = list.filter((event) => event.seq > upTo);
  draft.timelines.set(run, undo([...(draft.timelines.get(run) ?? []), ...fresh], fresh).slice(-KEPT));
  draft.upTo.set(run, Math.max(upTo, to));
  reach(draft, run, to);
  touched.runs.add(run);
}

/** A cursor only rises. */
function reach(draft: Draft, stream: string, seq: number): void {
  draft.heads.set(stream, Math.max(draft.heads.get(stream) ?? 0, seq));
}

/** A resume sets aside what older attempts said after the checkpoint: those lines are kept, drawn as undone. */
function undo(all: TimelineEvent[], fresh: readonly TimelineEvent[]): TimelineEvent[] {
  const resumes = fresh.filter((event) => event.resumedAt !== null);
  if (resumes.length === 0) return all;
  const gone = (event: TimelineEvent) => !stands(event) && resumes.some((one) => event.seq > one.resumedAt! && event.seq < one.seq && event.epoch > 0 && event.epoch < one.epoch);
  return all.map((event) => (!event.undone && gone(event) ? { ...event, undone: true } : event));
}

function left(draft: Draft, run: string): void {
  draft.timelines.delete(run);
  draft.upTo.delete(run);
}

/** The platform's heads, every 15 s: an opened run that is behind has missed something. */
function heads(draft: Draft, now: Record<string, number>, touched: Touched): void {
  for (const [stream, seq] of Object.entries(now)) {
    draft.heads.set(stream, seq);
    const upTo = draft.upTo.get(stream);
    if (upTo !== undefined && upTo < seq) touched.gaps.add(stream);
  }
}

function paintRequest(draft: Draft, id: string, set: Partial<Request>, touched: Touched): void {
  const before = draft.requests.get(id);
  if (!before) return;
  draft.requests.set(id, { ...before, ...set });
  touched.requests.add(id);
  touched.lists = true;
}

function paintRun(draft: Draft, id: string, set: Partial<Run>, touched: Touched): void {
  const before = draft.runs.get(id);
  if (!before) return;
  draft.runs.set(id, { ...before, ...set });
  touched.runs.add(id);
}

/** What a snapshot already holds need not be applied again: frames that came while it was on its way. */
export function coveredBy(frame: ServerFrame, heads: Record<string, number>): boolean {
  if (frame.op === "card") return frame.seq <= (heads[frame.run.id] ?? -1);
  if (frame.op === "request") return frame.request.seq <= (heads[frame.request.runs[0] ?? ""] ?? -1);
  return frame.op === "heads";
}

/** Runs whose card was already behind at the last heads and has not moved since: their card was lost. */
export function lost(world: World, earlier: ReadonlyMap<string, number>): string[] {
  return [...earlier].filter(([id, head]) => (world.runs.get(id)?.seq ?? head) < head).map(([id]) => id);
}
