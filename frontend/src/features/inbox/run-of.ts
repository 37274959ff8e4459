import { peek } from "@/live/store";
import type { Request, Run } from "@/wire/types";

/** The first of the runs that ask. */
export const runOf = (request: Request): Run | undefined => peek().runs.get(request.runs[0] ?? "");
