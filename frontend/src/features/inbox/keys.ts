import { useKeys } from "@/app/keys";
import { choosable } from "@/features/inbox/answers";
import type { Triage } from "@/features/inbox/use-triage";

export function useInboxKeys(triage: Triage, takeIn: () => void, openDelegate: (() => void) | undefined): void {
  const { index, current } = triage;
  const group = "Inbox";
  const pick = (n: number) => () => { const one = current && choosable(current) ? current.choices[n] : undefined; if (one) triage.choose(one.id); };
  // A question without offered answers is answered in words.
  const approve = () => (current?.kind === "question" && current.choices.length === 0 && triage.marked.size === 0 ? triage.compose("words") : triage.approve());
  useKeys([
    { keys: "j", does: "Next request", group, run: () => triage.go(index + 1) },
    { keys: "k", does: "Previous request", group, run: () => triage.go(index - 1) },
    { keys: "x", does: "Select or unselect", group, run: () => { if (current) triage.mark(current.id); } },
    { keys: "shift+j", does: "Select downwards", group, run: () => triage.extend(1) },
    { keys: "shift+k", does: "Select upwards", group, run: () => triage.extend(-1) },
    { keys: "a", does: "Approve, answer, raise or retry", group, run: () => approve() },
    { keys: "shift+a", does: "The same, with words of yours", group, run: () => triage.compose("words") },
    { keys: "r", does: "Redirect", group, run: () => triage.compose("redirect") },
    { keys: "e", does: "Edit the plan", group, run: () => { if (current?.kind === "plan") triage.compose("plan"); } },
    { keys: "p", does: "Pause the run", group, run: triage.pause },
    { keys: "s", does: "Snooze for two hours", group, run: triage.snooze },
    ...(openDelegate ? [{ keys: "d", does: "Delegate", group, run: openDelegate }] : []),
    { keys: "1", does: "Choose the first answer", group, run: pick(0) },
    { keys: "2", does: "Choose the second answer", group, run: pick(1) },
    { keys: "3", does: "Choose the third answer", group, run: pick(2) },
    { keys: ".", does: "Take in new requests", group, run: takeIn },
    { keys: "escape", does: "Clear the selection", group, run: triage.clear },
  ]);
}
