import { useCallback, useSyncExternalStore } from "react";
import { deltasOf, watchDeltas } from "@/live/deltas";

function useDelta(run: string, kind: "typing" | "terminal"): string {
  const watch = useCallback((tell: () => void) => watchDeltas(run, tell), [run]);
  return useSyncExternalStore(watch, () => deltasOf(run)[kind]);
}

export const useTyping = (run: string): string => useDelta(run, "typing");
export const useTerminalDelta = (run: string): string => useDelta(run, "terminal");
