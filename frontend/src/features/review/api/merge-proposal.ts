import { decideRequests, decideRuns } from "@/features/decide/decide";
import type { Request, Review } from "@/wire/types";

/** Approves and merges exactly what was shown: the head and the diff's digest go with it. */
export function mergeProposal(review: Review, request: Request | undefined): Promise<boolean> {
  const decision = { verb: "merge" as const, head: review.proposal.head, digest: review.diff.digest || review.proposal.digest };
  return request ? decideRequests([request], () => decision) : decideRuns([review.run.id], decision);
}
