import { useState } from "react";
import { approveWord } from "@/features/inbox/answers";
import { runOf } from "@/features/inbox/run-of";
import type { Triage } from "@/features/inbox/use-triage";
import { RedirectBox } from "@/ui/redirect-box";

const SEND = { redirect: "Redirect", words: "Approve", refuse: "Refuse" };

/** Words for the agent: a redirect, a refusal, or an approval that says something. */
export function Composer({ mode, triage }: { mode: "redirect" | "words" | "refuse"; triage: Triage }) {
  const [text, setText] = useState("");
  const runs = triage.targets.flatMap((request) => request.runs);
  const first = triage.targets[0];
  const to = runs.length > 1 ? `${runs.length} runs` : (first && runOf(first)?.ticket.key) ?? "this run";
  const send = { redirect: () => triage.redirect(text), words: () => triage.approve(text), refuse: () => triage.refuse(text) }[mode];
  return <RedirectBox value={text} onChange={setText} to={to} onCancel={() => triage.compose("none")} sendWord={mode === "words" && triage.targets.length === 1 && first ? approveWord(first, triage.picks) : SEND[mode]} onSend={send} />;
}
