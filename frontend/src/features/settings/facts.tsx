import { CircleAlert, CircleCheck, LoaderCircle } from "lucide-react";
import { sayError } from "@/lib/http";
import type { SettingFact } from "@/wire/types";

/** What a test found: a list of facts with a remedy each, not a green dot. */
export function Facts({ facts, error, pending }: { facts: readonly SettingFact[] | undefined; error: unknown; pending: boolean }) {
  if (pending) return <p role="status" className="flex items-center gap-2 text-working"><LoaderCircle size={14} className="ring-spin" aria-hidden /> Testing</p>;
  if (error) return <p role="alert" className="text-failed">{sayError(error)}</p>;
  if (!facts) return null;
  return (
    <div role="status"><ul aria-label="What the test found" className="flex flex-col gap-1.5">
      {facts.map((fact) => (
        <li key={fact.label} className="flex items-start gap-2">
          {fact.ok ? <CircleCheck size={14} className="mt-[3px] shrink-0 text-done" aria-label="works" /> : <CircleAlert size={14} className="mt-[3px] shrink-0 text-failed" aria-label="needs mending" />}
          <span className="min-w-0">
            <span className={fact.ok ? "text-text-2" : "font-medium text-failed"}>{fact.label}</span>
            {fact.remedy && <span className="block break-words text-text-2">{fact.remedy}</span>}
          </span>
        </li>
      ))}
    </ul></div>
  );
}
