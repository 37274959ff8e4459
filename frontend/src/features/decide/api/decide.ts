import { http, sendKeyed } from "@/lib/http";
import type { DecisionBody, Receipt } from "@/wire/types";

/** One decision over runs or requests. The key makes sending it twice the same as once. */
export const postDecision = (body: DecisionBody): Promise<Receipt> => sendKeyed(() => http.post<Receipt>("/decisions", body));
