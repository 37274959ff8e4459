// What is pushed and never kept: the agent's typing and terminal bytes between lines. Per opened run, newest text only.
const MOST = 64_000;

export interface Deltas { terminal: string; typing: string }
const NONE: Deltas = { terminal: "", typing: "" };
const held = new Map<string, Deltas>();
const listeners = new Map<string, Set<() => void>>();

const tell = (run: string): void => listeners.get(run)?.forEach((one) => one());
export const deltasOf = (run: string): Deltas => held.get(run) ?? NONE;

export function addDelta(run: string, kind: keyof Deltas, text: string): void {
  const before = deltasOf(run);
  held.set(run, { ...before, [kind]: (before[kind] + text).slice(-MOST) });
  tell(run);
}

/** The ledger has the line now: what was shown ahead of it goes. */
export function settleDeltas(run: string, kind: keyof Deltas): void {
  const before = deltasOf(run);
  if (before[kind] === "") return;
  held.set(run, { ...before, [kind]: "" });
  tell(run);
}

export function dropDeltas(run: string): void {
  held.delete(run);
}

export function watchDeltas(run: string, listener: () => void): () => void {
  const all = listeners.get(run) ?? new Set();
  all.add(listener);
  listeners.set(run, all);
  return () => { all.delete(listener); };
}
