import { signal } from "@/lib/signal";

/** What lies above the page. One at a time. */
export const open = signal<"palette" | "help" | "tour" | "assign" | "ticket" | null>(null);

/** Tickets that the assign sheet starts with. */
export const toAssign = signal<readonly string[]>([]);

export function assign(tickets: readonly string[] = []): void {
  toAssign.set(tickets);
  open.set("assign");
}
