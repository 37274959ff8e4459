import { CircleCheck, CircleX, Clock, X } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { useSignal } from "@/lib/signal";
import { plural } from "@/lib/money";
import { Button, IconButton } from "@/ui/button";
import { close, current, hold, undoLast, type Notice, type ReceiptLine } from "@/ui/notices";

export { follow, notify, undoLast } from "@/ui/notices";
export type { Notice, ReceiptLine } from "@/ui/notices";

export function Notices() {
  const notice = useSignal(current);
  const box = useRef<HTMLDivElement>(null);
  // What scrolls keeps this much room at its end: nothing lies under a notice for good.
  useLayoutEffect(() => document.documentElement.style.setProperty("--notice", notice ? `${(box.current?.offsetHeight ?? 0) + 152}px` : "0px"), [notice]);
  return (
    <div ref={box} role="status" aria-live="polite" className="pointer-events-none fixed bottom-36 right-5 z-40 flex max-w-[calc(100vw-24px)] max-tablet:inset-x-3 max-tablet:bottom-auto max-tablet:top-3 max-tablet:max-w-none">
      {notice && <Card key={notice.id} notice={notice} />}
    </div>
  );
}

function Card({ notice }: { notice: Notice }) {
  return (
    <div onPointerEnter={() => hold(true)} onPointerLeave={() => hold(false)} onFocus={() => hold(true)} onBlur={() => hold(false)} className="enter pointer-events-auto w-[380px] max-w-full max-tablet:w-full rounded-panel bg-raised shadow-(--shadow)">
      <div className="flex items-center gap-2 py-2 pl-4 pr-2">
        <p className="min-w-0 flex-1 font-medium">{notice.text}</p>
        {notice.retry && !notice.lines && <Button size="small" onClick={notice.retry}>Try again</Button>}
        {notice.undo && <Button size="small" look="ghost" keys="Z" onClick={() => undoLast()}>Undo</Button>}
        <IconButton label="Close notice" onClick={close}><X size={14} /></IconButton>
      </div>
      {notice.lines && <Receipt lines={notice.lines} {...(notice.retry ? { retry: notice.retry } : {})} />}
    </div>
  );
}

/** One line per run: what became of the decision there, and why if it did not land. */
export function Receipt({ lines, retry }: { lines: ReceiptLine[]; retry?: () => void }) {
  const failed = lines.filter((line) => line.fate === "rejected").length;
  return (
    <div className="hairline-t">
      <ul className="max-h-64 overflow-y-auto px-4 py-2" tabIndex={0} aria-label="Receipt per run">
        {lines.map((line) => (
          <li key={line.run} className="flex items-baseline gap-2 py-1">
            <FateIcon fate={line.fate} />
            <span className="mono shrink-0 text-text-2">{line.label}</span>
            <span className="min-w-0 flex-1 text-meta text-text-2">{line.why}</span>
          </li>
        ))}
      </ul>
      {failed > 0 && retry && (
        <div className="hairline-t flex items-center px-4 py-2">
          <span className="text-meta text-failed">{plural(failed, "run")} refused it</span>
          <Button size="small" className="ml-auto" onClick={retry}>Try those again</Button>
        </div>
      )}
    </div>
  );
}

export function FateIcon({ fate }: { fate: ReceiptLine["fate"] }) {
  if (fate === "applied") return <CircleCheck size={13} className="shrink-0 translate-y-0.5 text-done" aria-label="applied" />;
  if (fate === "rejected") return <CircleX size={13} className="shrink-0 translate-y-0.5 text-failed" aria-label="rejected" />;
  return <Clock size={13} className="shrink-0 translate-y-0.5 text-text-3" aria-label="stored, not yet taken" />;
}
