import { CircleAlert } from "lucide-react";
import { sayError } from "@/lib/http";
import { Button } from "@/ui/button";
import { Skeleton } from "@/ui/empty";
import type { ReactNode } from "react";

/** What failed, what to do, in the pane that failed. The rest of the page is unaffected. */
export function Failure({ what, error, onRetry }: { what: string; error: unknown; onRetry: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-start gap-3 p-6">
      <p className="flex items-center gap-2 font-medium text-failed"><CircleAlert size={15} aria-hidden /> {what}</p>
      <p className="prose-measure text-text-2">{sayError(error)}</p>
      <div className="flex gap-2">
        <Button onClick={onRetry}>Try again</Button>
        <Button look="ghost" onClick={() => void navigator.clipboard?.writeText(`${what} ${sayError(error)} ${location.href} ${new Date().toISOString()}`)}>Copy details</Button>
      </div>
    </div>
  );
}

interface Read<T> { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown }

/** A read in its three states. What was there stays while it is read again. */
export function Reading<T>({ read, what, children, lines = 6 }: { read: Read<T>; what: string; children: (data: T) => ReactNode; lines?: number }) {
  if (read.data !== undefined) return <>{children(read.data)}</>;
  if (read.error) return <Failure what={what} error={read.error} onRetry={() => void read.refetch()} />;
  return <Skeleton lines={lines} />;
}
