import { http } from "@/lib/http";
import type { Fleet, QueueEntry, Run } from "@/wire/types";

export const getFleet = (): Promise<Fleet> => http.get<Fleet>("/fleet");
export const prioritise = (run: string, priority: QueueEntry["priority"]): Promise<Run> => http.patch<Run>(`/runs/${encodeURIComponent(run)}`, { priority });
