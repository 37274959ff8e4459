import { http } from "@/lib/http";
import type { TicketView } from "@/wire/types";

export function getTickets(project: string, q: string): Promise<TicketView[]> {
  const search = new URLSearchParams();
  if (project) search.set("project", project);
  if (q) search.set("q", q);
  return http.getRaw<TicketView[]>(`/tickets?${search}`);
}
