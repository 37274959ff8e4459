import { useSyncExternalStore } from "react";
import { serverNow } from "@/lib/server-time";

// One timer for every clock on the page. It ticks once a second and stops when nobody looks.
let now = serverNow();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function watch(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = serverNow();
  listeners.forEach((tell) => tell());
}

export const useNow = (): number => useSyncExternalStore(watch, () => now);
