import { http, sendKeyed } from "@/lib/http";
import type { Receipt } from "@/wire/types";

/** Takes back what no agent has read yet; each line says whether it could. */
export const postUndo = (batch: string): Promise<Receipt> =>
  sendKeyed(() => http.post<Receipt>(`/decisions/${encodeURIComponent(batch)}/undo`));
