const FIRST = 1000;
const MOST = 30_000;

/** How long to wait before try `n` (from 0): doubling, at most 30 s, with jitter so that a restart is not a stampede. */
export function backoff(n: number, chance: () => number = Math.random): number {
  const most = Math.min(MOST, FIRST * 2 ** Math.min(n, 10));
  return Math.round(most / 2 + (most / 2) * chance());
}
