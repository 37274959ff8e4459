import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useMe } from "@/app/session";
import { getDecided } from "@/features/inbox/api/decided-requests";
import { grouped, type Group } from "@/features/inbox/group";
import { ordered } from "@/lib/order";
import { serverNow } from "@/lib/server-time";
import { useSignal } from "@/lib/signal";
import { line } from "@/live/connection";
import { useRequests } from "@/live/hooks";
import { peek, push } from "@/live/store";
import type { Request } from "@/wire/types";

export type Tab = "open" | "snoozed" | "delegated" | "decided";
export interface Queue {
  shown: Request[]; membersOf: (request: Request) => readonly Request[]; fresh: number; takeIn: () => void; sweep: () => void;
  counts: Partial<Record<Tab, number>>; reading: boolean; failed: unknown; again: () => void;
}

/**
 * The queue on the screen. Its order is taken once and then held: a request that arrives later is counted in `fresh`
 * and comes in only when asked, so that no row moves under the finger. What this person decides leaves at once; what
 * somebody else decided stays, greyed, until `sweep` (the next move of the cursor).
 */
export function useQueue(tab: Tab): Queue {
  const all = useRequests();
  const booted = useSignal(line) !== "starting";
  const decided = useDecided(tab === "decided", all);
  const [held, setHeld] = useState<readonly string[]>([]);
  const [swept, setSwept] = useState<ReadonlySet<string>>(new Set());
  const leaving = useLeaving(swept);
  const takeIn = () => setHeld(inOrder(all));
  // The first snapshot brings the first order; on the tabs that are no queue, whatever comes belongs there.
  useEffect(() => { if (held.length === 0 || tab !== "open") takeIn(); }, [booted, tab, tab === "open" ? held.length === 0 && all.length : all.length]);
  const groups = useMemo(() => {
    const here = all.filter((request) => held.includes(request.id) && (request.state === tab || (tab === "open" && leaving(request))));
    return new Map(grouped(here).map((group) => [group.shown.id, group]));
  }, [all, held, tab, leaving]);
  const shown = useMemo(() => inPlace(groups, held, tab), [groups, held, tab]);
  const fresh = tab === "open" ? grouped(all.filter((request) => request.state === "open" && !held.includes(request.id))).length : 0;
  // Nothing stands there that could move: what came since needs no key.
  useEffect(() => { if (shown.length === 0 && fresh > 0) takeIn(); }, [shown.length, fresh]);
  return {
    shown, fresh, takeIn, membersOf: (request) => groups.get(request.id)?.members ?? [request],
    sweep: () => setSwept(new Set(all.filter((request) => request.state === "decided").map((request) => request.id))),
    counts: useMemo(() => countStates(all), [all]), reading: tab === "decided" && decided.isPending, failed: tab === "decided" ? decided.error : undefined, again: () => void decided.refetch(),
  };
}

/** The ids of all requests, those of a group together, in the one order of the inbox. */
function inOrder(all: readonly Request[]): string[] {
  const groups = grouped(all);
  const byId = new Map(groups.map((group) => [group.shown.id, group]));
  return ordered(groups.map((group) => group.shown), serverNow()).flatMap((one) => byId.get(one.id)!.members.map((member) => member.id));
}

/** A group stands where the first of its members was held. */
function inPlace(groups: ReadonlyMap<string, Group>, held: readonly string[], tab: Tab): Request[] {
  const place = (group: Group) => Math.min(...group.members.map((member) => held.indexOf(member.id)));
  const list = [...groups.values()].toSorted((a, b) => place(a) - place(b)).map((group) => group.shown);
  return tab === "decided" ? list.toSorted((a, b) => (b.decided?.at ?? 0) - (a.decided?.at ?? 0)) : list;
}

/** What was decided before this page was opened never lingers in the open queue. */
const openedAt = serverNow();

function useLeaving(swept: ReadonlySet<string>): (request: Request) => boolean {
  const name = useMe().person.name;
  return useMemo(
    () => ({ id, state, decided }: Request) => state === "decided" && decided !== null && decided.by !== name && decided.at > openedAt && !swept.has(id),
    [name, swept],
  );
}

/** The platform does not push what was decided long ago: a snapshot that replaces the world must not take it away. */
function useDecided(wanted: boolean, all: readonly Request[]) {
  const read = useQuery({ queryKey: ["decided"], queryFn: getDecided, enabled: wanted, staleTime: 0 });
  useEffect(() => { if (read.data?.some((one) => !peek().requests.has(one.id))) push({ op: "decided", requests: read.data }); }, [read.data, all]);
  return read;
}

/** How many were ever decided is not known here, so no figure is shown for it. */
function countStates(all: readonly Request[]): Partial<Record<Tab, number>> {
  const count = (state: Request["state"]) => grouped(all.filter((request) => request.state === state)).length;
  return { open: count("open"), snoozed: count("snoozed"), delegated: count("delegated") };
}
