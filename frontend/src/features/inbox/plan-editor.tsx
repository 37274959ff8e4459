import { useState } from "react";
import { rewrite } from "@/features/inbox/rewrite-plan";
import { Button } from "@/ui/button";
import { TextArea } from "@/ui/field";
import { Section } from "@/ui/section";
import type { PlanStep } from "@/wire/types";

/** The plan as text, one step a line. What stands here is what approving sends, from the first letter on. */
export function PlanEditor({ plan, onDraft, onDone }: { plan: PlanStep[]; onDraft: (plan: PlanStep[]) => void; onDone: () => void }) {
  const [before] = useState(plan);
  const [text, setText] = useState(() => plan.map((step) => step.title).join("\n"));
  const empty = rewrite(before, text).length === 0;
  const write = (words: string) => { setText(words); const next = rewrite(before, words); if (next.length > 0) onDraft(next); };
  const keep = () => { if (!empty) onDone(); };
  const leave = () => { onDraft(before); onDone(); };
  return (
    <Section title="Plan, one step a line" aside="Approving sends your version">
      <TextArea autoFocus aria-label="Plan" rows={plan.length + 2} value={text} onChange={(event) => write(event.target.value)}
        onKeyDown={(event) => { if (event.key === "Escape") leave(); if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) keep(); }} />
      <div className="flex gap-2">
        <Button keys="mod+enter" disabled={empty} onClick={keep}>Keep this plan</Button>
        <Button look="ghost" onClick={leave}>Leave it as it was</Button>
      </div>
    </Section>
  );
}
