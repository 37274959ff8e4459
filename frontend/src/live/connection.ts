import { signal } from "@/lib/signal";

export type Line = "starting" | "live" | "offline" | "catching up";

/** The line to the platform. `nextTryAt` (ms) is there while it is offline. */
export const line = signal<Line>("starting");
export const nextTryAt = signal<number>(0);
