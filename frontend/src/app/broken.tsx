import { TriangleAlert } from "lucide-react";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/empty";

/** A part of the page could not be drawn: a bug of ours, or a part that an update has replaced. Agents are not affected. */
export function Broken({ error }: { error: unknown }) {
  const details = `${error instanceof Error ? error.message : "unknown"} ${location.href} ${new Date().toISOString()}`;
  return (
    <div role="alert" className="h-full">
      <Empty icon={<TriangleAlert size={28} strokeWidth={1.5} />} title="This page could not be drawn"
        action={<span className="flex gap-2"><Button look="primary" onClick={() => location.reload()}>Reload the page</Button><Button look="ghost" onClick={() => void navigator.clipboard?.writeText(details)}>Copy details</Button></span>}>
        Agents go on without it, and nothing that was decided is lost. If Quarterdeck was just updated, reloading mends it.
      </Empty>
    </div>
  );
}
