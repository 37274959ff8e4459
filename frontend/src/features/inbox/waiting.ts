import { grouped } from "@/features/inbox/group";
import type { Request } from "@/wire/types";

/** What waits for a person, one for each row of the open queue: the one source of every count of it. */
export const waiting = (requests: readonly Request[]): Request[] =>
  grouped(requests.filter((request) => request.state === "open")).map((group) => group.shown);
