import { http } from "@/lib/http";
import type { Events, Snapshot } from "@/wire/types";

export const getSnapshot = (): Promise<Snapshot> => http.get<Snapshot>("/snapshot?view=board");
export const getRunSnapshot = (run: string): Promise<Snapshot> => http.get<Snapshot>(`/snapshot?view=run&run=${encodeURIComponent(run)}`);
export const getEvents = (run: string, after: number, limit = 500): Promise<Events> =>
  http.get<Events>(`/runs/${encodeURIComponent(run)}/events?after=${after}&limit=${limit}`);
export const getEventsBefore = (run: string, before: number, limit = 200): Promise<Events> =>
  http.get<Events>(`/runs/${encodeURIComponent(run)}/events?before=${before}&limit=${limit}`);
