import type { TicketView } from "@/wire/types";

/** What keeps it, each thing said once: what is missing now, and what was noted the last time it was to start or be written. */
export function heldBy(ticket: Pick<TicketView, "readiness" | "openRun" | "note">): string[] {
  const missing = ticket.openRun === null && !ticket.readiness.ready ? ticket.readiness.why : "";
  const said = missing !== "" && ticket.note.includes(missing);
  return [said ? "" : missing, ticket.note].filter((words) => words !== "");
}
