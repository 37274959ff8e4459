import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useMe } from "@/app/session";
import { getDecided } from "@/features/inbox/api/decided-requests";
import { ordered } from "@/lib/order";
import { serverNow } from "@/lib/server-time";
import { line } from "@/live/connection";
import { useRequests } from "@/live/hooks";
import { push } from "@/live/store";
import { useSignal } from "@/lib/signal";
import type { Request } from "@/wire/types";

export type Tab = "open" | "snoozed" | "delegated" | "decided";
export interface Queue {
  shown: Request[]; fresh: number; takeIn: () => void; sweep: () => void; counts: Partial<Record<Tab, number>>; failed: unknown; again: () => void;
}

/**
 * The queue on the screen. Its order is taken once and then held: a request that arrives later is counted in `fresh`
 * and comes in only when asked, so that no row moves under the finger. What this person decides leaves at once; what
 * somebody else decided stays, greyed, until `sweep` (the next move of the cursor).
 */
export function useQueue(tab: Tab): Queue {
  const all = useRequests();
  const me = useMe();
  const booted = useSignal(line) !== "starting";
  const decided = useDecided(tab === "decided");
  const [held, setHeld] = useState<readonly string[]>([]);
  const [swept, setSwept] = useState<ReadonlySet<string>>(new Set());
  const takeIn = () => setHeld(ordered(all, serverNow()).map((request) => request.id));
  // The first snapshot brings the first order; on the tabs that are no queue, whatever comes belongs there.
  useEffect(() => { if (held.length === 0 || tab !== "open") takeIn(); }, [booted, tab, tab === "open" ? held.length === 0 && all.length : all.length]);
  const shown = useMemo(() => {
    const byId = new Map(all.map((request) => [request.id, request]));
    const leaving = (request: Request) => tab === "open" && request.state === "decided" && request.decided !== null && request.decided.by !== me.person.name
      && !swept.has(request.id) && request.decided.at > openedAt;
    const list = held.flatMap((id) => byId.get(id) ?? []).filter((request) => request.state === tab || leaving(request));
    return tab === "decided" ? list.sort((a, b) => (b.decided?.at ?? 0) - (a.decided?.at ?? 0)) : list;
  }, [all, held, tab, swept, me.person.name]);
  const sweep = () => setSwept(new Set(all.filter((request) => request.state === "decided").map((request) => request.id)));
  const fresh = tab === "open" ? all.filter((request) => request.state === "open" && !held.includes(request.id)).length : 0;
  const counts = useMemo(() => countStates(all), [all]);
  return { shown, fresh, takeIn, sweep, counts, failed: tab === "decided" ? decided.error : undefined, again: () => void decided.refetch() };
}

/** What was decided before this page was opened never lingers in the open queue. */
const openedAt = serverNow();

function useDecided(wanted: boolean) {
  const read = useQuery({ queryKey: ["decided"], queryFn: getDecided, enabled: wanted, staleTime: 0 });
  useEffect(() => { if (read.data) push({ op: "decided", requests: read.data }); }, [read.data]);
  return read;
}

/** How many were ever decided is not known here, so no figure is shown for it. */
function countStates(all: readonly Request[]): Partial<Record<Tab, number>> {
  const count = (state: Request["state"]) => all.filter((request) => request.state === state).length;
  return { open: count("open"), snoozed: count("snoozed"), delegated: count("delegated") };
}
