import { signal } from "@/lib/signal";

export interface ReceiptLine { run: string; label: string; fate: "applied" | "rejected" | "pending"; why: string; ended?: boolean }
export interface Notice { id: number; text: string; undo?: () => void; lines?: ReceiptLine[]; retry?: () => void; failed?: boolean; awaited?: boolean }

export const current = signal<Notice | null>(null);
let serial = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let held = false;
let last: { undo: () => void; until: number } | undefined;

const SENTENCE_MS = 8_000;
const RECEIPT_MS = 14_000;
/** A receipt whose lines will still say how it ended: a merge is made, and its tests may run before. */
const AWAITED_MS = 40_000;
/** As long as the platform takes a decision back: Z reaches what the last notice offered, though the notice has gone. */
const UNDO_MS = 30_000;

/** How long it is shown; for ever where something failed and somebody must see it. */
function lasts({ failed, lines, retry, awaited }: Notice): number {
  if (failed || retry || lines?.some((line) => line.fate === "rejected")) return Infinity;
  if (!lines) return SENTENCE_MS;
  return awaited && lines.some((line) => !line.ended) ? AWAITED_MS : RECEIPT_MS;
}

/** Begins its time anew: it was just shown, or has just said something else, or was read with the pointer or the keyboard on it. */
function arm(): void {
  clearTimeout(timer);
  const notice = current.get();
  if (held || !notice || lasts(notice) === Infinity) return;
  timer = setTimeout(() => current.set(null), lasts(notice));
}

/** While a pointer or the focus is on it, it stays. */
export function hold(on: boolean): void {
  held = on;
  arm();
}

/** Shows one notice at a time. It goes by itself, unless something failed: that stays until it is closed. */
export function notify(notice: Omit<Notice, "id">): void {
  current.set({ ...notice, id: ++serial });
  last = notice.undo ? { undo: notice.undo, until: Date.now() + UNDO_MS } : undefined;
  held = false;
  arm();
}

/** What became of a run that a notice speaks of: its line says it in place. False when no notice that is shown knows the run. */
export function follow(run: string, why: string, all: (count: number) => string): boolean {
  const notice = current.get();
  if (!notice?.lines?.some((line) => line.run === run)) return false;
  const lines = notice.lines.map((line) => (line.run === run ? { ...line, why, fate: "applied" as const, ended: true } : line));
  const landed = lines.filter((line) => line.fate !== "rejected");
  current.set({ ...notice, lines, ...(landed.every((line) => line.ended) ? { text: all(landed.length) } : {}) });
  arm();
  return true;
}

export function close(): void {
  current.set(null);
  hold(false);
}

export function undoLast(): boolean {
  const undo = current.get()?.undo ?? (last && Date.now() < last.until ? last.undo : undefined);
  if (!undo) return false;
  last = undefined;
  current.set(null);
  undo();
  return true;
}
