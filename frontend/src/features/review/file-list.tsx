import { MessageSquare } from "lucide-react";
import { isQuiet } from "@/features/review/badges";
import type { Draft } from "@/features/review/drafts";
import { cx } from "@/lib/cx";
import { Delta } from "@/ui/chip";
import { Checkbox } from "@/ui/field";
import type { DiffFile } from "@/wire/types";

interface Props { files: readonly DiffFile[]; at: number; viewed: ReadonlySet<string>; drafts: Draft[]; onJump: (index: number) => void; onView: (path: string) => void }

export function FileList({ files, at, viewed, drafts, onJump, onView }: Props) {
  return (
    <nav aria-label="Files" className="w-[292px] shrink-0 overflow-y-auto border-r border-line px-2 py-3 max-desk:hidden wide:w-[360px]">
      <p className="num label px-2 pb-2">{viewed.size} of {files.length} viewed</p>
      <ul>
        {files.map((file, i) => (
          <FileRow key={file.path} file={file} here={i === at} seen={viewed.has(file.path)} onJump={() => onJump(i)} onView={() => onView(file.path)}
            comments={drafts.filter((draft) => draft.path === file.path).length} />
        ))}
      </ul>
    </nav>
  );
}

function FileRow({ file, here, seen, comments, onJump, onView }: { file: DiffFile; here: boolean; seen: boolean; comments: number; onJump: () => void; onView: () => void }) {
  const cut = file.path.lastIndexOf("/") + 1;
  return (
    <li className={cx("flex items-center gap-2 rounded-control px-2", here ? "bg-selected" : "hover:bg-hover")}>
      <Checkbox checked={seen} onChange={onView} label={`Viewed ${file.path}`} />
      <button type="button" onClick={onJump} aria-current={here ? "true" : undefined} className="flex min-w-0 flex-1 flex-col py-1.5 text-left">
        <span className="flex items-center gap-2">
          <span className={cx("min-w-0 flex-1 truncate font-medium", seen && "text-text-3")}>{file.path.slice(cut)}</span>
          {comments > 0 && <span className="num inline-flex items-center gap-0.5 text-meta text-text-2"><MessageSquare size={12} />{comments}</span>}
          <Delta added={file.added} removed={file.removed} />
        </span>
        <span className="flex gap-2 text-micro text-text-3">
          <span className="min-w-0 truncate">{file.path.slice(0, cut)}</span>
          {file.badges.length > 0 && <span className={cx("ml-auto shrink-0", !file.badges.every(isQuiet) && "font-medium text-needs")}>{file.badges.join(", ")}</span>}
        </span>
      </button>
    </li>
  );
}
