import { useQuery } from "@tanstack/react-query";
import { Check, FileSearch } from "lucide-react";
import { getFiles } from "@/features/run/api/run-reads";
import { plural } from "@/lib/money";
import { Breakable } from "@/ui/breakable";
import { Empty } from "@/ui/empty";
import { Reading } from "@/ui/failure";
import type { OfferedFile, Run } from "@/wire/types";

const FIRST = 6;

/** What was offered before any model was asked, what was then read, and what was changed. The score says how good the offer was. */
export function Files({ run }: { run: Run }) {
  const read = useQuery({ queryKey: ["files", run.id, run.steps, run.phase], queryFn: () => getFiles(run.id), placeholderData: (before) => before });
  return <Reading read={read} what="The files could not be read.">{(files) => (files.length === 0 ? <NoFiles /> : <Table files={files} />)}</Reading>;
}

function NoFiles() {
  return <Empty icon={<FileSearch size={26} strokeWidth={1.5} />} title="No file yet">The agent looks for the places first; what it was offered and what it read shows up here.</Empty>;
}

/** How good the offer was, once something has changed. */
export function score(files: readonly OfferedFile[]): string {
  const changed = files.filter((file) => file.changed);
  if (changed.length === 0) return "Nothing has been changed yet.";
  const hit = changed.filter((file) => file.rank > 0 && file.rank <= FIRST).length;
  return `${hit} of ${plural(changed.length, "changed file")} ${hit === 1 ? "was" : "were"} among the first ${FIRST} that were offered.`;
}

function Table({ files }: { files: readonly OfferedFile[] }) {
  const rows = files.toSorted((a, b) => (a.rank || 1e6) - (b.rank || 1e6) || a.path.localeCompare(b.path));
  return (
    <div tabIndex={0} role="region" aria-label="Files" className="h-full overflow-y-auto px-5 py-4 max-tablet:px-4">
      <p className="mb-3 text-text-2">{score(files)}</p>
      <table className="w-full text-left">
        <thead className="label">
          <tr><th className="w-12 py-1 font-medium">Rank</th><th className="font-medium">File</th><th className="w-16 font-medium max-tablet:w-11">Read</th><th className="w-20 font-medium max-tablet:w-16">Changed</th><th className="font-medium max-tablet:hidden">Why it was offered</th></tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.path} className="h-8">
              <td className="num text-text-3">{row.rank > 0 ? row.rank : <span className="sr-only">not offered</span>}</td>
              <td className="mono pr-4"><Breakable text={row.path} /></td>
              <td><Yes on={row.read} /></td>
              <td><Yes on={row.changed} /></td>
              <td className="text-meta text-text-3 max-tablet:hidden">{row.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** An empty cell is a no; only who cannot see it is told. */
const Yes = ({ on }: { on: boolean }) => (on ? <Check size={14} className="text-done" aria-label="yes" /> : <span className="sr-only">no</span>);
