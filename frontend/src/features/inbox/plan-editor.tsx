import { useState } from "react";
import { rewrite } from "@/features/inbox/rewrite-plan";
import { Button } from "@/ui/button";
import { TextArea } from "@/ui/field";
import { Section } from "@/ui/section";
import type { PlanStep } from "@/wire/types";

/** The plan as text, one step a line. */
export function PlanEditor({ plan, onKeep, onDone }: { plan: PlanStep[]; onKeep: (plan: PlanStep[]) => void; onDone: () => void }) {
  const [text, setText] = useState(() => plan.map((step) => step.title).join("\n"));
  const next = rewrite(plan, text);
  const keep = () => { if (next.length > 0) onKeep(next); };
  return (
    <Section title="Plan, one step a line" aside="Approving sends your version">
      <TextArea autoFocus aria-label="Plan" rows={plan.length + 2} value={text} onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => { if (event.key === "Escape") onDone(); if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) keep(); }} />
      <div className="flex gap-2">
        <Button look="primary" keys="mod+enter" disabled={next.length === 0} onClick={keep}>Keep this plan</Button>
        <Button look="ghost" onClick={onDone}>Leave it as it was</Button>
      </div>
    </Section>
  );
}
