import { BASE, http } from "@/lib/http";
import type { CommentBody, TicketBody, TicketPatch, TicketView } from "@/wire/types";

export const imagePath = (id: string, digest: string): string => `${BASE}${path(id)}/images/${encodeURIComponent(digest)}`;

const path = (id: string): string => `/tickets/${encodeURIComponent(id)}`;

export const createTicket = (body: TicketBody): Promise<TicketView> => http.post<TicketView>("/tickets", body);
export const changeTicket = (id: string, body: TicketPatch): Promise<TicketView> => http.patch<TicketView>(path(id), body);
export const commentTicket = (id: string, body: CommentBody): Promise<TicketView> => http.post<TicketView>(`${path(id)}/comments`, body);
