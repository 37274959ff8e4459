import { http } from "@/lib/http";
import type { AuditLine } from "@/wire/types";

/** Newest first. `people`: without what the platform and its agents did by themselves. */
export function getAudit(project: string, people: boolean): Promise<AuditLine[]> {
  const search = new URLSearchParams({ people: String(people), ...(project ? { project } : {}) });
  return http.get<AuditLine[]>(`/audit?${search}`);
}
