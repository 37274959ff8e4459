import { apply, EMPTY, type Incoming, type World } from "@/live/apply";

// The world lives outside React. Frames queue up and are applied once per frame of the screen; only rows that changed are told.
let world: World = EMPTY;
const HIDDEN = 250;
let queue: Incoming[] = [];
let cancel: (() => void) | undefined;
let listVersion = 0;
let onGaps: (runs: ReadonlySet<string>) => void = () => undefined;
const rows = new Map<string, Set<() => void>>();
const lists = new Set<() => void>();

export const peek = (): World => world;
export const version = (): number => listVersion;

/** Who reads the ledger when a timeline has a hole: the socket says so once. */
export function whenGaps(tell: typeof onGaps): void {
  onGaps = tell;
}

export function push(...batch: Incoming[]): void {
  queue.push(...batch);
  cancel ??= soon(flush);
}

/** With the next frame of the screen. A hidden tab gets none; its world must go on all the same. */
function soon(act: () => void): () => void {
  if (document.hidden) {
    const timer = setTimeout(act, HIDDEN);
    return () => clearTimeout(timer);
  }
  // Frames and timers are numbered alike: each is cancelled by its own, or a stranger's timer dies.
  const frame = requestAnimationFrame(act);
  return () => cancelAnimationFrame(frame);
}

/** Applies what is queued now. Decisions call it so that the screen answers the key in the same frame. */
export function flush(): void {
  cancel?.();
  cancel = undefined;
  if (queue.length === 0) return;
  const batch = queue;
  queue = [];
  const { world: next, touched } = apply(world, batch);
  world = next;
  touched.runs.forEach(tellRow);
  touched.requests.forEach(tellRow);
  if (touched.lists) {
    listVersion += 1;
    lists.forEach((tell) => tell());
  }
  if (touched.all) rows.forEach((tellers) => tellers.forEach((tell) => tell()));
  if (touched.gaps.size > 0) onGaps(touched.gaps);
}

const tellRow = (id: string): void => rows.get(id)?.forEach((tell) => tell());

export function watchRow(id: string, tell: () => void): () => void {
  const tellers = rows.get(id) ?? new Set();
  tellers.add(tell);
  rows.set(id, tellers);
  return () => {
    tellers.delete(tell);
    if (tellers.size === 0) rows.delete(id);
  };
}

export function watchLists(tell: () => void): () => void {
  lists.add(tell);
  return () => lists.delete(tell);
}
