import { useEffect, useRef, useState } from "react";
import { X } from "lucide-react";
import type { Draft } from "@/features/review/drafts";
import { IconButton } from "@/ui/button";
import { Chip } from "@/ui/chip";
import { TextArea } from "@/ui/field";
import { Avatar } from "@/ui/person";

/** A comment under its line. It keeps its own text until the box is left. */
export function DiffAnnotation({ draft, onWrite, onDrop }: { draft: Draft; onWrite: (text: string) => void; onDrop: () => void }) {
  const [text, setText] = useState(draft.text);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => { if (draft.text === "") box.current?.focus(); }, []);
  return (
    <div className="my-1.5 ml-2 mr-4 flex max-w-[680px] gap-2.5 rounded-panel bg-raised p-3 font-sans text-body ring-1 ring-inset ring-line-strong">
      <Avatar name={draft.by} size={22} />
      <div className="min-w-0 flex-1">
        <div className="flex h-6 items-center gap-2">
          <span className="font-medium">{draft.by}</span>
          <Chip tone="needs">draft</Chip>
          <span className="ml-auto"><IconButton label="Drop this comment" onClick={onDrop}><X size={14} /></IconButton></span>
        </div>
        <TextArea ref={box} rows={2} aria-label={`Comment on ${draft.path}, line ${draft.line}`} placeholder="What should change, and why"
          value={text} onChange={(event) => setText(event.target.value)} onBlur={() => onWrite(text)} />
      </div>
    </div>
  );
}
