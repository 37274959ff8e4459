import { against } from "@/lib/money";
import type { Attention, Run } from "@/wire/types";

/** The view is the URL: what is not here cannot be shared, and what is here survives a reload. */
export interface Filter {
  q?: string;
  project?: string;
  owner?: string;
  risk?: string;
  state?: string;
  view?: string;
}
const WORDS = ["q", "project", "owner", "risk", "state", "view"] as const;

export function parseFilter(raw: Record<string, unknown>): Filter {
  const filter: Filter = {};
  for (const word of WORDS) {
    const value = raw[word];
    if (typeof value === "string" && value !== "") filter[word] = value;
  }
  return filter;
}

export interface SavedView { id: string; name: string; holds: (run: Run, attention: Attention) => boolean }
export const VIEWS: readonly SavedView[] = [
  { id: "risky", name: "High risk", holds: (run) => run.risk === "high" },
  { id: "costly", name: "Near the cap", holds: (run) => against(run.spentMicro, run.capMicro).near },
  { id: "overlap", name: "Overlapping", holds: (run) => run.overlaps.length > 0 },
  { id: "silent", name: "Silent", holds: (_, attention) => attention === "broken" },
];

export function matches(run: Run, attention: Attention, filter: Filter): boolean {
  if (filter.project && run.project !== filter.project) return false;
  if (filter.owner && run.owner !== filter.owner) return false;
  if (filter.risk && run.risk !== filter.risk) return false;
  if (filter.state && attention !== filter.state) return false;
  const view = VIEWS.find((one) => one.id === filter.view);
  if (view && !view.holds(run, attention)) return false;
  if (!filter.q) return true;
  const hay = `${run.ticket.key} ${run.ticket.title} ${run.lastLine} ${run.branch}`.toLowerCase();
  return filter.q.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}
