import type { Proposal, Request, Run, TimelineEvent } from "@/wire/types";

export const run = (more: Partial<Run> = {}): Run => ({
  id: "r1", seq: 3, ticket: { id: "t1", key: "ORD-1", title: "A refund", kind: "Bug", priority: "High", labels: [], reporter: "", description: "" }, project: "p1", repository: "", branch: "",
  phase: "working", desired: "run", reason: "", attention: "working", actor: "", since: 0, startedAt: 0, lastEventAt: 0, lastSignAt: null, heartbeatMs: 5000, epoch: 1, place: "", owner: "", model: "", playbook: "",
  lane: 0, parent: null, spentMicro: 0, reservedMicro: 0, capMicro: 0, currency: "USD", tokens: 0, steps: 0, stepCap: 0, plan: [], planVersion: 0, lastLine: "", risk: "low", flags: [], attempts: [], commands: [],
  proposal: null, request: null, overlaps: [], priority: "Medium", queueReason: "", failureText: "", failureRemedy: "", rehearsal: false, ...more,
});

export const request = (more: Partial<Request> = {}): Request => ({
  id: "q1", seq: 3, kind: "question", project: "p1", runs: ["r1"], interrupt: "", ask: "Which?", context: "", waitingSince: 0, risk: "low", flags: [], choices: [], facts: [], quotes: [], plan: [], approveMeans: "",
  command: "", reversible: "", amountMicro: null, head: "", state: "open", until: null, to: "", toId: "", decided: null, ...more,
});

export const proposal = (more: Partial<Proposal> = {}): Proposal => ({
  id: "o1", head: "4f2c9e1", base: "main", baseSha: "91ab3d4", digest: "", summary: "", pull: "", pullUrl: "", commits: 1, files: 1, added: 1, removed: 0,
  failToPass: null, passToPass: null, broken: null, stillFailing: null, knownRed: null, mergeSha: "", beyondPlan: [], checks: [], ...more,
});

export const event = (seq: number, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
  seq, at: seq * 1000, epoch: 1, kind: "read", what: "read", step: 0, by: "", text: `file ${seq}`, detail: "", output: "", costMicro: 0, sha: "", planStep: null, resumedAt: null, undone: false, ...more,
});
