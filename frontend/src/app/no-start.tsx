import { Unplug } from "lucide-react";
import { sayError } from "@/lib/http";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/empty";

/** The platform did not answer the very first question. */
export function NoStart({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <main className="h-full bg-surface">
      <h1 className="sr-only">Quarterdeck</h1>
      <Empty icon={<Unplug size={28} strokeWidth={1.5} />} title="Quarterdeck does not answer" action={<Button look="primary" onClick={onRetry}>Try again</Button>}>
        {sayError(error)} Agents that work go on without this page.
      </Empty>
    </main>
  );
}
