import type { DecisionBody, Receipt, ReceiptLine, Request } from "@/wire/types";

/** What a person decided, before it is known for whom. `head` is what was seen of this one. */
export type Decision = Omit<DecisionBody, "key" | "runs" | "requests" | "heads">;

export interface Post { decision: Decision; requests: string[]; heads: Record<string, string> }

/**
 * Requests that get the same decision leave in one post: the platform gives one batch and a receipt for each run. The
 * heads that were seen differ and still are one decision: each travels beside its request.
 */
export function posts(requests: readonly Request[], decisionFor: (request: Request) => Decision): Post[] {
  const groups = new Map<string, Post>();
  for (const request of requests) {
    const { head, ...decision } = decisionFor(request);
    const same = JSON.stringify(decision);
    const group: Post = groups.get(same) ?? { decision, requests: [], heads: {} };
    group.requests.push(request.id);
    if (head) group.heads[request.id] = head;
    groups.set(same, group);
  }
  return [...groups.values()];
}

export const linesOf = (receipts: readonly Receipt[]): ReceiptLine[] => receipts.flatMap((receipt) => receipt.lines);
export const refusedOf = (receipts: readonly Receipt[]): ReceiptLine[] => linesOf(receipts).filter((line) => line.fate === "rejected");

/** A request is put back only when every one of its runs refused: else it is decided, for those that took it. */
export function refusedRequests(requests: readonly Request[], lines: readonly ReceiptLine[]): Request[] {
  return requests.filter((request) => {
    const mine = lines.filter((line) => (line.request ? line.request === request.id : request.runs.includes(line.run)));
    return mine.length > 0 && mine.every((line) => line.fate === "rejected");
  });
}
