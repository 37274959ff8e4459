import type { CodeViewItem } from "@pierre/diffs";
import { CodeView, type CodeViewHandle } from "@pierre/diffs/react";
import { useEffect, useMemo, useRef, type ReactNode, type Ref } from "react";
import { usePainted } from "@/app/session";
import { isQuiet } from "@/features/review/badges";
import { DIFF_THEMES } from "@/features/review/diff-theme";
import { DiffAnnotation } from "@/features/review/annotation";
import type { Draft, Place } from "@/features/review/drafts";
import { parseFile, undrawn } from "@/features/review/parse";
import { Chip, Delta } from "@/ui/chip";
import type { DiffFile } from "@/wire/types";

export type ViewHandle = CodeViewHandle<Draft, undefined>;
interface Props {
  files: readonly DiffFile[]; style: "split" | "unified"; drafts?: Draft[]; header?: ReactNode; view?: Ref<ViewHandle>;
  onPlace?: (place: Place) => void; onWrite?: (id: string, text: string) => void; onDrop?: (id: string) => void; viewed?: ReadonlySet<string>;
}

// Reading that much at once helps nobody, and drawing it costs the page: it starts folded and opens with its mark.
const FOLDED_ABOVE = 2000;
const weight = (drafts: readonly Draft[]): number => drafts.reduce((sum, draft) => sum + draft.text.length + 1, 0);

function itemOf(file: DiffFile, fileDiff: ReturnType<typeof parseFile>, drafts: readonly Draft[], viewed: boolean): CodeViewItem<Draft> {
  const mine = drafts.filter((draft) => draft.path === file.path);
  const collapsed = viewed || file.added + file.removed > FOLDED_ABOVE;
  const version = weight(mine) + (collapsed ? 100_000 : 0);
  if (!fileDiff) return { id: file.path, type: "file", file: { name: file.path, contents: undrawn(file), lang: "text" }, collapsed, version };
  return { id: file.path, type: "diff", fileDiff, collapsed, version, annotations: mine.map((draft) => ({ side: draft.side, lineNumber: draft.line, metadata: draft })) };
}

// Injected into the viewer's shadow root: our line numbers must pass AA on tinted lines, and its header must look like ours.
const CSS = `
  :host { --diffs-font-family: var(--font-mono); --diffs-header-font-family: var(--font-sans); --diffs-font-size: 12px; --diffs-font-features: "liga" 0, "calt" 0; --diffs-line-height: 20px;
    --diffs-fg-number-override: var(--text-3); --diffs-fg-number-addition-override: var(--done); --diffs-fg-number-deletion-override: var(--failed);
    --diffs-bg-addition-emphasis-override: var(--diff-add-word); --diffs-bg-deletion-emphasis-override: var(--diff-del-word);
    --diffs-bg-separator-override: var(--sunken); --diffs-modified-color-override: var(--text-3);
    --diffs-addition-color-override: var(--done); --diffs-deletion-color-override: var(--failed); }
  [data-line-type=change-addition] { --diffs-computed-diff-line-bg: var(--diff-add) !important; }
  [data-line-type=change-deletion] { --diffs-computed-diff-line-bg: var(--diff-del) !important; }
  [data-additions-count], [data-deletions-count] { display: none; }
  [data-separator-content], [data-unmodified-lines] { color: var(--text-2) !important; }
  [data-diffs-header] { background: var(--surface); border-bottom: 1px solid var(--line); }
`;

/** The only place that knows the diff library: its callbacks change between minors, so it is pinned and wrapped here. */
export function DiffView({ files, style, drafts = [], header, view, onPlace, onWrite, onDrop, viewed }: Props) {
  const painted = usePainted();
  const scroller = useRef<HTMLDivElement>(null);
  const parsed = useMemo(() => new Map(files.map((file) => [file.path, parseFile(file)])), [files]);
  const items = useMemo(() => files.map((file) => itemOf(file, parsed.get(file.path), drafts, viewed?.has(file.path) ?? false)), [files, parsed, drafts, viewed]);
  useEffect(() => nameScroller(scroller.current), []);
  return (
    <CodeView<Draft>
      ref={view ?? null} items={items} containerRef={scroller} className="h-full overflow-y-auto" disableWorkerPool
      options={{
        preferredHighlighter: "shiki-js", theme: DIFF_THEMES, themeType: painted, diffStyle: style, stickyHeaders: true, overflow: "wrap", hunkSeparators: "line-info-basic",
        lineDiffType: "word-alt", onPostRender: (node) => nameExpanders(node), enableLineSelection: onPlace !== undefined, unsafeCSS: CSS, layout: { paddingTop: 0, paddingBottom: 80, gap: 12 },
      }}
      onSelectedLinesChange={(selection) => { if (selection && onPlace) onPlace({ path: selection.id, line: selection.range.end, side: selection.range.endSide ?? selection.range.side ?? "additions" }); }}
      renderCodeViewHeader={() => header ?? null}
      renderHeaderMetadata={(item) => <HeaderFacts file={files.find((file) => file.path === item.id)} />}
      renderAnnotation={(...[annotation]) => {
        const draft = annotation.metadata;
        return <DiffAnnotation draft={draft} onWrite={(text) => onWrite?.(draft.id, text)} onDrop={() => onDrop?.(draft.id)} />;
      }}
    />
  );
}

/** The viewer's expand marks are bare divs: give each a name, a place in the tab order and Enter. */
function nameExpanders(node: HTMLElement): void {
  node.shadowRoot?.querySelectorAll<HTMLElement>("[data-expand-button]:not([aria-label])").forEach((mark) => {
    mark.setAttribute("aria-label", "Show unchanged lines");
    mark.tabIndex = 0;
    mark.addEventListener("keydown", (event) => { if (event.key === "Enter") mark.click(); });
  });
}

function nameScroller(element: HTMLDivElement | null): void {
  element?.setAttribute("tabindex", "0");
  element?.setAttribute("role", "region");
  element?.setAttribute("aria-label", "Diff");
}

function HeaderFacts({ file }: { file: DiffFile | undefined }) {
  if (!file) return null;
  return (
    <span className="flex items-center gap-2">
      {file.badges.map((badge) => <Chip key={badge} tone={isQuiet(badge) ? "plain" : "needs"}>{badge}</Chip>)}
      {file.status === "added" && <Chip>new file</Chip>}
      {file.status === "removed" && <Chip>removed</Chip>}
      <Delta added={file.added} removed={file.removed} />
    </span>
  );
}
