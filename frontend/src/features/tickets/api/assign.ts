import { http, sendKeyed } from "@/lib/http";
import type { AssignBody, Receipt } from "@/wire/types";

/** Gives tickets to agents: one run each, with a receipt for each. */
export const assignTickets = (body: AssignBody): Promise<Receipt> => sendKeyed(() => http.post<Receipt>("/runs", body));
