import { http } from "@/lib/http";
import type { Request } from "@/wire/types";

/** The newest hundred that were answered. */
export const getDecided = (): Promise<Request[]> => http.get<Request[]>("/requests?state=decided");
