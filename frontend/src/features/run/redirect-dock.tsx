import { useState } from "react";
import { CornerUpRight } from "lucide-react";
import { useKeys } from "@/app/keys";
import { redirectRuns, type Mode } from "@/features/run/api/redirect-run";
import { Kbd } from "@/ui/kbd";
import { RedirectBox } from "@/ui/redirect-box";
import { Segmented } from "@/ui/segmented";
import type { Run } from "@/wire/types";

const MODES = [{ value: "enqueue", label: "After this command" }, { value: "interrupt", label: "Now: end the command" }] as const;

/** When the words will be read; it differs by phase. */
function waitsFor(run: Run, mode: Mode): string {
  if (run.phase !== "working" && run.phase !== "starting") return "Starts a new attempt with these words.";
  return mode === "interrupt" ? "Ends the command that runs now, then is read." : "Read after the command that runs now.";
}

/** Closed it is one quiet line; R opens it. */
export function RedirectDock({ run }: { run: Run }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [mode, setMode] = useState<Mode>("enqueue");
  useKeys([{ keys: "r", does: "Redirect", group: "Run", run: () => setOpen(true) }]);
  const send = async () => {
    setOpen(false);
    if (await redirectRuns([run.id], text, mode)) setText("");
  };
  if (!open) {
    return (
      <div className="hairline-t px-5 py-2.5 max-tablet:fixed max-tablet:inset-x-0 max-tablet:bottom-14 max-tablet:z-20 max-tablet:bg-surface max-tablet:px-4">
        <button type="button" onClick={() => setOpen(true)} className="tap flex h-8 w-full items-center gap-2 rounded-control bg-sunken px-3 text-left text-text-3 ring-1 ring-inset ring-line hover:text-text-2">
          <CornerUpRight size={14} /> <span className="min-w-0 truncate">Redirect {run.ticket.key}{text && `: ${text}`}</span>
          <span className="ml-auto"><Kbd>r</Kbd></span>
        </button>
      </div>
    );
  }
  return (
    <div className="hairline-t flex flex-col gap-2 bg-surface px-5 py-3 max-tablet:fixed max-tablet:inset-x-0 max-tablet:bottom-14 max-tablet:z-20 max-tablet:px-4">
      {run.phase === "working" && <Segmented label="When it is read" value={mode} onChange={setMode} options={MODES} />}
      <RedirectBox value={text} onChange={setText} to={run.ticket.key} sendWord="Redirect" waits={waitsFor(run, mode)} onSend={() => void send()} onCancel={() => setOpen(false)} />
    </div>
  );
}
