import { delegateRequest, returnRequest, snoozeRequest } from "@/features/inbox/api/set-aside";
import { sayError } from "@/lib/http";
import { plural } from "@/lib/money";
import { hours } from "@/lib/time";
import { serverNow } from "@/lib/server-time";
import { flush, peek, push } from "@/live/store";
import { notify } from "@/ui/toast";
import type { Request } from "@/wire/types";

const what = (requests: readonly Request[]): string => (requests.length === 1 ? "request" : plural(requests.length, "request"));

/** Snoozing and delegating are no decisions: nothing reaches an agent, and both can be taken back at any time. */
export function snooze(requests: readonly Request[]): Promise<void> {
  const until = serverNow() + hours(2);
  return setAside(requests, { state: "snoozed", until }, (request) => snoozeRequest(request.id, until), `Snoozed ${what(requests)} for two hours`);
}

export function delegate(requests: readonly Request[], person: { id: string; name: string }): Promise<void> {
  return setAside(requests, { state: "delegated", to: person.name, toId: person.id }, (request) => delegateRequest(request.id, person.id), `Delegated ${what(requests)} to ${person.name}`);
}

export function takeBack(requests: readonly Request[]): Promise<void> {
  return setAside(requests, { state: "open", until: null, to: "", toId: "" }, (request) => returnRequest(request.id), `Back in the queue: ${what(requests)}`);
}

async function setAside(requests: readonly Request[], set: Partial<Request>, send: (request: Request) => Promise<Request>, text: string): Promise<void> {
  requests.forEach((request) => push({ op: "paintRequest", id: request.id, set }));
  flush();
  const results = await Promise.allSettled(requests.map(send));
  const failed = requests.filter((_, i) => results[i]?.status === "rejected");
  results.forEach((result) => { if (result.status === "fulfilled") push({ op: "request", request: result.value }); });
  failed.forEach((request) => { if (peek().requests.get(request.id)?.seq === request.seq) push({ op: "paintRequest", id: request.id, set: request }); });
  flush();
  const reason = results.find((result) => result.status === "rejected")?.reason as unknown;
  if (reason !== undefined) return notify({ text: sayError(reason), retry: () => void setAside(failed, set, send, text) });
  notify(set.state === "open" ? { text } : { text, undo: () => void takeBack(requests) });
}
