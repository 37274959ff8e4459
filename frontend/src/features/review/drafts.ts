import { useEffect, useState } from "react";
import { newKey } from "@/lib/key";

export interface Place { path: string; line: number; side: "additions" | "deletions" }
export interface Draft extends Place { id: string; text: string; by: string; at: number }

const keyOf = (run: string, head: string): string => `qd.drafts.${run}.${head}`;

/** Words that were written and not sent survive a reload of the page. */
function saved(key: string): Draft[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(list) ? (list as Draft[]) : [];
  } catch {
    return [];
  }
}

function save(key: string, drafts: readonly Draft[]): void {
  const worth = drafts.filter((draft) => draft.text.trim() !== "");
  if (worth.length === 0) localStorage.removeItem(key);
  else localStorage.setItem(key, JSON.stringify(worth));
}

/** Comments are collected and leave as one batch: one message to the agent, no flood. */
export function useDrafts(run: string, head: string, by: string) {
  const key = keyOf(run, head);
  const [drafts, setDrafts] = useState<Draft[]>(() => saved(key));
  useEffect(() => save(key, drafts), [key, drafts]);
  return {
    drafts,
    unsent: drafts.filter((draft) => draft.text.trim() !== ""),
    place: (place: Place) => setDrafts((all) => {
      const kept = all.filter((draft) => draft.text.trim() !== "");
      const there = kept.some((draft) => draft.path === place.path && draft.line === place.line && draft.side === place.side);
      return there ? kept : [...kept, { ...place, id: newKey(), text: "", by, at: Date.now() }];
    }),
    write: (id: string, text: string) => setDrafts((all) => all.map((draft) => (draft.id === id ? { ...draft, text } : draft))),
    drop: (id: string) => setDrafts((all) => all.filter((draft) => draft.id !== id)),
    clear: () => setDrafts([]),
  };
}

/** All comments as one redirect: each with its place, in the order of the diff. */
export function asWords(drafts: readonly Draft[], head: string, order: readonly string[]): string {
  const sorted = drafts.toSorted((a, b) => order.indexOf(a.path) - order.indexOf(b.path) || a.line - b.line);
  const lines = sorted.map((draft) => `${draft.path}:${draft.line}${draft.side === "deletions" ? " (removed line)" : ""}: ${draft.text.trim()}`);
  return [`Review comments on ${head.slice(0, 12)}:`, ...lines].join("\n");
}
