import { http } from "@/lib/http";
import type { Request } from "@/wire/types";

const path = (id: string, what: string): string => `/requests/${encodeURIComponent(id)}/${what}`;

export const snoozeRequest = (id: string, untilMs: number): Promise<Request> => http.post<Request>(path(id, "snooze"), { untilMs });
export const delegateRequest = (id: string, person: string): Promise<Request> => http.post<Request>(path(id, "delegate"), { person });
export const returnRequest = (id: string): Promise<Request> => http.post<Request>(path(id, "return"));
