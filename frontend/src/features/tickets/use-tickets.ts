import { useQuery } from "@tanstack/react-query";
import { getTickets } from "@/features/tickets/api/tickets";

/** The tickets of a project (or of all), read again when the platform says that one changed. */
export const useTickets = (project = "", q = "") =>
  useQuery({ queryKey: ["tickets", project, q], queryFn: () => getTickets(project, q), placeholderData: (before) => before });
