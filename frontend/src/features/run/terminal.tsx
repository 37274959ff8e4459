import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm } from "@xterm/xterm";
import { useEffect, useMemo, useRef } from "react";
import { usePainted } from "@/app/session";
import { clean, transcript } from "@/features/run/derive";
import { useTerminalDelta } from "@/features/run/use-deltas";
import { useTimeline } from "@/live/hooks";
import type { Run } from "@/wire/types";

const read = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The canvas-free theme: xterm wants plain colours, so each token is resolved by the browser once per theme. */
function palette() {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  const plain = (name: string) => {
    probe.fillStyle = read(name);
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    return `#${[r, g, b].map((part) => (part ?? 0).toString(16).padStart(2, "0")).join("")}`;
  };
  return {
    background: plain("--surface"), foreground: plain("--text"), cursor: plain("--accent"), selectionBackground: plain("--selected"),
    green: plain("--done"), red: plain("--failed"), yellow: plain("--needs"), blue: plain("--working"), magenta: plain("--ready"), white: plain("--text-2"),
  };
}

/** What the agent's shell printed, and what it prints right now. Read only: words for the agent go through the redirect box. */
export function Terminal({ run }: { run: Run }) {
  const host = useRef<HTMLDivElement>(null);
  const term = useRef<Xterm | null>(null);
  const shown = useRef("");
  const theme = usePainted();
  const events = useTimeline(run.id);
  const delta = useTerminalDelta(run.id);
  const history = useMemo(() => transcript(events), [events]);
  const text = [history, clean(delta)].filter(Boolean).join("\n") || "No command has run yet.";
  useEffect(() => {
    if (!host.current) return;
    const made = openTerminal(host.current);
    term.current = made.term;
    shown.current = "";
    return made.close;
  }, [theme]);
  // Only what is new is written; when the ledger settles a command, the whole is written anew.
  useEffect(() => {
    if (!term.current) return;
    const grown = shown.current !== "" && text.startsWith(shown.current);
    if (!grown) term.current.reset();
    term.current.write((grown ? text.slice(shown.current.length) : text).replaceAll("\n", "\r\n"));
    shown.current = text;
  }, [text, theme]);
  return <div role="region" aria-label="Terminal" className="h-full px-5 py-3"><div ref={host} className="h-full" /></div>;
}

function openTerminal(host: HTMLElement): { term: Xterm; close: () => void } {
  const term = new Xterm({
    fontFamily: "JetBrains Mono Variable, monospace", fontSize: 12, lineHeight: 1.5, disableStdin: true, scrollback: 5000,
    theme: palette(), screenReaderMode: false, minimumContrastRatio: 4.5, cursorInactiveStyle: "none",
  });
  const fit = new FitAddon();
  term.loadAddon(fit);
  term.open(host);
  term.textarea?.setAttribute("aria-label", "Terminal output, read only");
  fit.fit();
  const watch = new ResizeObserver(() => fit.fit());
  watch.observe(host);
  return { term, close: () => { watch.disconnect(); term.dispose(); } };
}
