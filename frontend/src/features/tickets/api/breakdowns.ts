import { http } from "@/lib/http";
import type { Breakdown, BreakdownLine } from "@/wire/types";

const path = (ticket: string): string => `/tickets/${encodeURIComponent(ticket)}/breakdown`;

export const getBreakdown = (ticket: string): Promise<Breakdown> => http.get<Breakdown>(path(ticket));
export const proposeTickets = (ticket: string): Promise<Breakdown> => http.post<Breakdown>(path(ticket));
export const editBreakdown = (ticket: string, version: number, lines: readonly BreakdownLine[]): Promise<Breakdown> => http.put<Breakdown>(path(ticket), { version, lines });
export const approveBreakdown = (ticket: string, version: number): Promise<Breakdown> => http.post<Breakdown>(`${path(ticket)}/approve`, { version });
export const draftTickets = (ticket: string, version: number): Promise<Breakdown> => http.post<Breakdown>(`${path(ticket)}/draft`, { version });
export const declineBreakdown = (ticket: string, version: number): Promise<Breakdown> => http.post<Breakdown>(`${path(ticket)}/decline`, { version });
