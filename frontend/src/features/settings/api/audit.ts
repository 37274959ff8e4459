import { http } from "@/lib/http";
import type { AuditLine } from "@/wire/types";

export const getAudit = (project: string): Promise<AuditLine[]> => http.get<AuditLine[]>(`/audit${project ? `?project=${encodeURIComponent(project)}` : ""}`);
