import { describe, expect, test } from "vitest";
import { apply, EMPTY, type Incoming, type World } from "@/live/apply";
import type { ServerFrame, Snapshot } from "@/wire/types";

interface Case { name: string; snapshot: Snapshot; frames: ServerFrame[]; fresh: Snapshot }
const cases = Object.values(import.meta.glob<Case>("../../tests/golden/live/*.json", { eager: true, import: "default" }));

/** A first load: the snapshot, and the opened run where the case carries a timeline. */
function load(snapshot: Snapshot): World {
  const first: Incoming[] = [{ op: "snapshot", snapshot }];
  const run = snapshot.runs[0];
  if (run && snapshot.timeline.length > 0) first.push({ op: "opened", run: run.id, snapshot });
  return apply(EMPTY, first).world;
}

const LEFT = ["decided", "withdrawn"];
const byId = <T extends { id: string }>(list: Iterable<T>): T[] => [...list].sort((a, b) => a.id.localeCompare(b.id));

/** What the two worlds must agree on. Decided requests leave a snapshot; a page that saw them may still hold them. */
const shown = (world: World) => ({
  runs: byId(world.runs.values()),
  requests: byId([...world.requests.values()].filter((request) => !LEFT.includes(request.state))),
  timelines: Object.fromEntries(world.timelines),
  heads: Object.fromEntries([...world.heads].sort()),
});

describe("an old snapshot and the frames after it are a fresh snapshot", () => {
  test("there are cases", () => expect(cases.length).toBeGreaterThan(5));
  test.each(cases)("$name, all frames at once", ({ snapshot, frames, fresh }) => {
    expect(shown(apply(load(snapshot), frames).world)).toEqual(shown(load(fresh)));
  });
  test.each(cases)("$name, one frame at a time", ({ snapshot, frames, fresh }) => {
    const world = frames.reduce((now, frame) => apply(now, [frame]).world, load(snapshot));
    expect(shown(world)).toEqual(shown(load(fresh)));
  });
  test.each(cases)("$name, every frame twice", ({ snapshot, frames, fresh }) => {
    const twice = frames.flatMap((frame) => [frame, frame]);
    expect(shown(apply(load(snapshot), twice).world)).toEqual(shown(load(fresh)));
  });
});
