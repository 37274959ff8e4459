import { useState } from "react";
import { amountOf } from "@/features/inbox/answers";
import type { Triage } from "@/features/inbox/use-triage";
import { amountText, microOf } from "@/lib/money";
import { Field, Input } from "@/ui/field";
import type { Request, Run } from "@/wire/types";

/** The cap that A sets. The agent's offer stands in it; only an amount above what is spent makes sense. */
export function Amount({ request, run, triage }: { request: Request; run: Run; triage: Triage }) {
  const [text, setText] = useState(() => amountText(amountOf(request, run, triage.picks)));
  const write = (next: string) => {
    setText(next);
    const micro = microOf(next);
    if (micro !== undefined) triage.setAmount(micro);
  };
  const micro = microOf(text);
  const low = micro !== undefined && micro <= run.spentMicro;
  return (
    <div className="max-w-60">
      <Field label={`New cap, in ${run.currency}`} hint={micro === undefined ? "An amount such as 8.00" : low ? "This is not above what is spent: the run would ask again at once." : "What is spent stays spent."}>
        <Input inputMode="decimal" value={text} disabled={request.state === "decided"} onChange={(event) => write(event.target.value)} aria-invalid={micro === undefined || low} />
      </Field>
    </div>
  );
}
