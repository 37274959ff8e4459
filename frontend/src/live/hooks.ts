import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import { openRun } from "@/live/socket";
import { peek, version, watchLists, watchRow } from "@/live/store";
import type { Person, Project, Request, Run, TimelineEvent } from "@/wire/types";

const NO_EVENTS: readonly TimelineEvent[] = [];

function useRow<T>(id: string, read: () => T): T {
  const watch = useCallback((tell: () => void) => watchRow(id, tell), [id]);
  return useSyncExternalStore(watch, read);
}

/** One run; the component draws again only when this run changes. */
export const useRun = (id: string): Run | undefined => useRow(id, () => peek().runs.get(id));
export const useRequest = (id: string): Request | undefined => useRow(id, () => peek().requests.get(id));
export const useTimeline = (id: string): readonly TimelineEvent[] => useRow(id, () => peek().timelines.get(id) ?? NO_EVENTS);

/** A cut through all runs. Cut anew only when a run appears, leaves or changes phase: not on every cost tick. */
export function useRuns(): Run[] {
  const cut = useSyncExternalStore(watchLists, version);
  return useMemo(() => [...peek().runs.values()], [cut]);
}

export function useRequests(): Request[] {
  const cut = useSyncExternalStore(watchLists, version);
  return useMemo(() => [...peek().requests.values()], [cut]);
}

export function useProjects(): Project[] {
  const cut = useSyncExternalStore(watchLists, version);
  return useMemo(() => [...peek().projects.values()], [cut]);
}

export function usePeople(): Person[] {
  const cut = useSyncExternalStore(watchLists, version);
  return useMemo(() => [...peek().people.values()], [cut]);
}

export const projectName = (id: string): string => peek().projects.get(id)?.name ?? "";

/** Subscribes to everything of one run for as long as its page is open. */
export function useOpenRun(id: string): void {
  useEffect(() => openRun(id), [id]);
}
