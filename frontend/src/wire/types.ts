// Generated from agents/deckwire by `python -m deckwire.typescript`. Do not edit.

export type Phase = "queued" | "starting" | "working" | "waiting" | "paused" | "sealing" | "review" | "publishing" | "published" | "merging" | "merged" | "closed" | "failed" | "cancelled";

export type AttemptState = "created" | "pending" | "running" | "sealed" | "parked" | "failed" | "lost" | "fenced";

export type Fate = "pending" | "delivered" | "applied" | "rejected" | "superseded" | "expired";

export type Verb = "approve" | "deny" | "answer" | "redirect" | "pause" | "resume" | "rewind" | "retry" | "stop" | "raise budget" | "merge";

export type RequestKind = "plan" | "question" | "permission" | "budget" | "review" | "conflict" | "failure";

export type Risk = "low" | "medium" | "high";

export type Blame = "infrastructure" | "agent" | "configuration" | "none";

export type Attention = "needs-you" | "working" | "elsewhere" | "ready" | "done" | "failed" | "paused" | "broken";

export type Role = "viewer" | "supervisor" | "admin";

export type Dial = "ask" | "auto";

export type CheckState = "queued" | "running" | "passed" | "failed" | "broken";

export type ClientFrame = ViewFrame | PingFrame;

export type ServerFrame = CardFrame | RequestFrame | EventsFrame | DeltaFrame | HeadsFrame | ChangedFrame | ResyncFrame | PongFrame | RefusedFrame;

export interface Citation {
  path: string;
  line: number;
  symbol: string;
}

/** `paths` is what the step means to touch: files changed outside all of them are "beyond the plan". */
export interface PlanStep {
  title: string;
  paths: string[];
  citations: Citation[];
  state: "todo" | "active" | "done" | "changed";
  note: string;
}

export interface Choice {
  id: string;
  label: string;
  effect: string;
  suggested: boolean;
}

export interface Quote {
  title: string;
  lines: string;
  tone: "plain" | "hostile";
}

export interface Fact {
  label: string;
  value: string;
  tone: "plain" | "warn" | "good";
}

export interface Person {
  id: string;
  name: string;
}

/** Who looks. `roles` maps project id → role; `rehearsal` is true while no real model can be reached. */
export interface Me {
  person: Person;
  email: string;
  roles: Record<string, Role>;
  owner: boolean;
  rehearsal: boolean;
  version: string;
}

/** How much may happen before a person is asked. Each: ask, or go on by itself. */
export interface ProjectDials {
  plan: Dial;
  permissions: Dial;
  publishing: Dial;
  merging: Dial;
}

/** A project as rows and cards need it. */
export interface Project {
  id: string;
  key: string;
  name: string;
  repository: string;
  branch: string;
  currency: string;
  dials: ProjectDials;
  capMicro: number;
  places: number;
}

/** `install` runs once per lock file, with network; `setup` at each attempt, without. Empty: there is none. */
export interface Repository {
  url: string;
  branch: string;
  install: string;
  setup: string;
  test: string;
  report: string;
}

/**
 * What the project's places are made with. Empty and None: the installation's own, or 1 core, 2 GiB, 4 GiB of disk.
 *
 * `image`, `runtime_class`, `node_selector` and `labels` mean something with pods only. Memory and disk in MiB.
 */
export interface PlaceWish {
  image: string;
  cpu: number | null;
  memoryMb: number | null;
  diskMb: number | null;
  runtimeClass: string;
  nodeSelector: Record<string, string>;
  labels: Record<string, string>;
}

/**
 * A project as its settings show it. `routes` maps a kind of work (plan, edit, small) → "connection id/model".
 *
 * `weight` is its part of the places in all beside other projects; `daily_micro` what may be spent in a day, 0: no limit.
 */
export interface ProjectView {
  id: string;
  key: string;
  name: string;
  repository: string;
  branch: string;
  currency: string;
  dials: ProjectDials;
  capMicro: number;
  places: number;
  repositorySettings: Repository;
  repositoryUser: string;
  repositoryHasSecret: boolean;
  routes: Record<string, string>;
  members: Member[];
  place: PlaceWish;
  weight: number;
  dailyMicro: number;
  spentTodayMicro: number;
  openRuns: number;
}

export interface Member {
  person: Person;
  email: string;
  role: Role;
}

/** A person as an owner sees them. `invited_until` is set while the one-time link is unused. */
export interface PersonView {
  person: Person;
  email: string;
  owner: boolean;
  active: boolean;
  roles: Record<string, Role>;
  invitedUntil: number | null;
}

/** The one-time link, shown once. */
export interface Invitation {
  person: PersonView;
  link: string;
}

/** A ticket as a card shows it. */
export interface Ticket {
  id: string;
  key: string;
  title: string;
  kind: string;
  priority: "Highest" | "High" | "Medium" | "Low";
  labels: string[];
  reporter: string;
  description: string;
}

/**
 * May an agent take it? `why` says what is missing, in words for the person who can add it. `note` keeps nobody from
 * starting it, but says what will come of it.
 */
export interface Readiness {
  ready: boolean;
  why: string;
  note: string;
}

export interface TicketComment {
  id: string;
  by: string;
  at: number;
  body: string;
}

/** An attached image that was kept: a download, named by the digest of its bytes. `size` in bytes. */
export interface TicketImage {
  name: string;
  digest: string;
  size: number;
}

export interface TicketView {
  id: string;
  key: string;
  title: string;
  kind: string;
  priority: "Highest" | "High" | "Medium" | "Low";
  labels: string[];
  reporter: string;
  description: string;
  project: string;
  status: string;
  readiness: Readiness;
  openRun: string | null;
  comments: TicketComment[];
  updated: number;
  url: string;
  editable: boolean;
  note: string;
  images: TicketImage[];
}

export interface Attempt {
  epoch: number;
  place: string;
  state: AttemptState;
  reason: string;
  blame: Blame;
  startedAt: number;
  endedAt: number | null;
}

export interface Command {
  id: string;
  verb: Verb;
  words: string;
  by: string;
  at: number;
  fate: Fate;
  why: string;
  endedAt: number | null;
  about: RequestKind | null;
  head: string;
}

export interface RiskFlag {
  label: string;
  why: string;
  level: Risk;
}

/** A check on a head: the platform's own or the forge's. `note` says by whom and how long. */
export interface Check {
  name: string;
  state: CheckState;
  note: string;
}

/**
 * A sealed head with what the platform re-ran for it. Shas are whole. Counts are None until the check has run.
 *
 * `merge_sha` is the commit on `base` that holds it, once the run is merged.
 */
export interface Proposal {
  id: string;
  head: string;
  base: string;
  baseSha: string;
  digest: string;
  summary: string;
  pull: string;
  pullUrl: string;
  commits: number;
  files: number;
  added: number;
  removed: number;
  failToPass: number | null;
  passToPass: number | null;
  broken: number | null;
  stillFailing: number | null;
  knownRed: number | null;
  mergeSha: string;
  beyondPlan: string[];
  checks: Check[];
}

/**
 * The card: the derived state of one run, stamped with the seq of its stream. Replace if newer.
 *
 * `attention` and `actor` say who must act. `doing` is the last heartbeat's line. `last_sign_at` is the last
 * word from the attempt; None while no attempt lives. `heartbeat_ms` is how often it should speak.
 */
export interface Run {
  id: string;
  seq: number;
  ticket: Ticket;
  project: string;
  repository: string;
  branch: string;
  phase: Phase;
  desired: "run" | "pause" | "stop";
  reason: string;
  attention: Attention;
  actor: string;
  since: number;
  startedAt: number;
  lastEventAt: number;
  lastSignAt: number | null;
  heartbeatMs: number;
  epoch: number;
  place: string;
  owner: string;
  model: string;
  playbook: string;
  lane: number;
  parent: string | null;
  spentMicro: number;
  reservedMicro: number;
  capMicro: number;
  currency: string;
  tokens: number;
  steps: number;
  stepCap: number;
  plan: PlanStep[];
  planVersion: number;
  lastLine: string;
  risk: Risk;
  flags: RiskFlag[];
  attempts: Attempt[];
  commands: Command[];
  proposal: Proposal | null;
  request: string | null;
  overlaps: string[];
  priority: "Highest" | "High" | "Medium" | "Low";
  queueReason: string;
  failureText: string;
  failureRemedy: string;
  rehearsal: boolean;
}

export interface DecidedBy {
  verb: string;
  by: string;
  at: number;
  words: string;
}

/**
 * Something a person has to answer. `plan` is there for kind plan, `amount_micro` (the offered cap) for budget,
 * `head` (the sealed commit that is asked about) for review: an approval sends it back.
 */
export interface Request {
  id: string;
  seq: number;
  kind: RequestKind;
  project: string;
  runs: string[];
  interrupt: string;
  ask: string;
  context: string;
  waitingSince: number;
  risk: Risk;
  flags: RiskFlag[];
  choices: Choice[];
  facts: Fact[];
  quotes: Quote[];
  plan: PlanStep[];
  approveMeans: string;
  command: string;
  reversible: string;
  amountMicro: number | null;
  head: string;
  state: "open" | "snoozed" | "delegated" | "decided" | "withdrawn";
  until: number | null;
  to: string;
  toId: string;
  decided: DecidedBy | null;
}

/** What one run met. `why` is the platform's sentence: the effect, or the reason of the refusal. */
export interface ReceiptLine {
  run: string;
  ticketKey: string;
  request: string;
  fate: "applied" | "pending" | "rejected";
  why: string;
  command: string;
}

/** `undo_until`: until then, and only while nobody has read it, the batch can be undone. None: it cannot. */
export interface Receipt {
  batch: string;
  lines: ReceiptLine[];
  undoUntil: number | null;
}

/** Every error's body. */
export interface Refused {
  reason: string;
  text: string;
  remedy: string;
}

/** One line of a connection's or repository's test. */
export interface SettingFact {
  label: string;
  ok: boolean;
  remedy: string;
}

/** `looking`: a worker asks the remote, or soon will; else what it found, and when that was (`at`). */
export interface RepositoryLook {
  looking: boolean;
  at: number | null;
  facts: SettingFact[];
}

/**
 * One line of a run's history, ready to draw. `kind` is the ledger's; `what` groups kinds for the eye.
 *
 * `step` is the number of the checkpointed step it belongs to. `undone` marks what a resume or rewind set aside.
 * `plan_step` is there for `progressed` alone: which step of the plan (from 0); `detail` then holds its new state.
 * `resumed_at` is there for `resumed` alone: what older epochs said after this seq is undone from now on.
 */
export interface TimelineEvent {
  seq: number;
  at: number;
  epoch: number;
  kind: string;
  what: "thought" | "read" | "edit" | "shell" | "test" | "commit" | "plan" | "request" | "decision" | "state" | "check" | "cost" | "note" | "error";
  step: number;
  by: string;
  text: string;
  detail: string;
  output: string;
  costMicro: number;
  sha: string;
  planStep: number | null;
  resumedAt: number | null;
  undone: boolean;
}

/** `head` is the stream's last seq: more is to be had while the last event's seq is below it. */
export interface Events {
  head: number;
  events: TimelineEvent[];
}

/** A ledger line as it is stored. */
export interface RawEvent {
  seq: number;
  at: number;
  epoch: number;
  actor: string;
  kind: string;
  body: Record<string, unknown>;
}

export interface RawEvents {
  head: number;
  events: RawEvent[];
}

/** Where a rewind can go back to. */
export interface Checkpoint {
  id: string;
  step: number;
  node: string;
  title: string;
  at: number;
  commit: string;
  undone: boolean;
}

/** A file in the agent's context: its rank when offered (0: not offered), why, and what became of it. */
export interface OfferedFile {
  path: string;
  rank: number;
  why: string;
  read: boolean;
  changed: boolean;
}

/** `patch` is a unified git patch of this file alone, header lines included; empty for a binary file. */
export interface DiffFile {
  path: string;
  oldPath: string;
  status: "added" | "removed" | "changed" | "renamed";
  added: number;
  removed: number;
  badges: string[];
  patch: string;
}

export interface DiffCommit {
  sha: string;
  title: string;
  at: number;
}

/** From base to head. `truncated` means that files beyond the limit are listed without their patch. */
export interface DiffView {
  base: string;
  head: string;
  digest: string;
  files: DiffFile[];
  commits: DiffCommit[];
  truncated: boolean;
}

/** `state` good: proof; warn: a person should look; bad: it speaks against merging; unknown: not run (yet). */
export interface EvidenceRow {
  kind: "f2p" | "p2p" | "still_failing" | "known_red" | "beyond_plan" | "check" | "cost" | "time";
  what: string;
  figure: string;
  note: string;
  state: "good" | "warn" | "bad" | "unknown";
  items: string[];
}

/** `stands` is false when head, base or digest moved on; `why` then says which. */
export interface Approval {
  by: string;
  at: number;
  head: string;
  digest: string;
  words: string;
  stands: boolean;
  why: string;
}

/**
 * What a merge would do. `base` is the sha of the target branch that this was tried on; `looking`: a worker is looking
 * whether the branch has moved on from there, so read it again soon.
 */
export interface MergePreview {
  clean: boolean;
  conflicts: string[];
  base: string;
  text: string;
  looking: boolean;
}

/** How it got into the branch. `by`: who approved it. */
export interface Landed {
  sha: string;
  branch: string;
  at: number;
  by: string;
}

/** Everything for one decision. `sentence` says what approving will do, with sha and branch in it. */
export interface Review {
  run: Run;
  proposal: Proposal;
  evidence: EvidenceRow[];
  diff: DiffView;
  approvals: Approval[];
  mergePreview: MergePreview | null;
  sentence: string;
  mayMerge: boolean;
  whyNot: string;
  landed: Landed | null;
}

/**
 * Micro-units of the currency for a million tokens. None: no price, and the gateway refuses the model.
 *
 * `images`: it takes those too. None: nobody said so, and its name decides.
 */
export interface ModelPrice {
  name: string;
  inMicroPerMTok: number | null;
  outMicroPerMTok: number | null;
  contextTokens: number;
  images: boolean | null;
}

/** A model endpoint. Its key is never sent back: `has_key` says whether there is one. */
export interface ConnectionView {
  id: string;
  kind: "model";
  name: string;
  protocol: "openai" | "anthropic" | "rehearsal";
  baseUrl: string;
  hasKey: boolean;
  models: ModelPrice[];
  state: "steady" | "backing off" | "unreachable" | "unknown";
  note: string;
  editable: boolean;
}

export interface TokenView {
  id: string;
  name: string;
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

/** `secret` is shown once. */
export interface NewToken {
  token: TokenView;
  secret: string;
}

export interface Places {
  used: number;
  all: number;
}

export interface FleetAttempt {
  run: string;
  ticketKey: string;
  title: string;
  epoch: number;
  state: AttemptState;
  place: string;
  startedAt: number;
  lastSignAt: number | null;
  doing: string;
}

/**
 * `ahead` counts the runs before it, in whatever project; `before` are the tickets of the first of its own project's.
 * `expected` is when it should start, None where nobody can say.
 */
export interface QueueEntry {
  run: string;
  ticketKey: string;
  title: string;
  since: number;
  reason: string;
  ahead: number;
  before: string[];
  project: string;
  priority: "Highest" | "High" | "Medium" | "Low";
  expected: number | null;
}

/** Where news come from: a tracker, the reconciler, a worker. `last_at` None: never. `expected` in ms. */
export interface Source {
  name: string;
  what: string;
  lastAt: number | null;
  expected: number;
  state: "live" | "idle" | "late" | "broken";
  note: string;
}

/**
 * Something that has to happen outside: a comment, a transition. Worked in order per `key`. `why` says what the last try
 * met; one that is stuck holds up what is behind it on its key until the owner tries it again or drops it. `ticket` is the
 * key of the ticket that it is about, `behind` how many wait for it.
 */
export interface Effect {
  id: string;
  key: string;
  kind: string;
  state: "waiting" | "stuck";
  tries: number;
  since: number;
  why: string;
  ticket: string;
  behind: number;
}

export interface Provider {
  name: string;
  models: string;
  state: "steady" | "backing off" | "unreachable" | "unknown";
  inFlight: number;
  note: string;
}

/** `places`: of the projects that one sees; `places_in_all`: of the whole installation, whose projects share them. */
export interface Fleet {
  places: Places;
  placesInAll: Places;
  backend: string;
  attempts: FleetAttempt[];
  queue: QueueEntry[];
  sources: Source[];
  providers: Provider[];
}

/**
 * What holds for the whole installation. `daily_micro`: what may be spent in a day (UTC) before nothing starts, 0: no
 * limit.
 */
export interface SiteView {
  places: number;
  used: number;
  dailyMicro: number;
  spentTodayMicro: number;
}

/**
 * `actor` did `what` to `subject`, and the `rest` of the sentence. `about` (run, ticket, project, person) and `ref` say
 * what that is, for a link.
 */
export interface AuditLine {
  id: number;
  at: number;
  actor: string;
  what: string;
  subject: string;
  rest: string;
  about: string;
  ref: string;
  detail: string;
}

/** `labels`: label → playbook; it starts when it is newly added. `jql` empty: none. */
export interface WatchTriggers {
  assigned: boolean;
  labels: Record<string, string>;
  statuses: string[];
  jql: string;
  mention: boolean;
}

/**
 * What may be written. `doing`, `waiting`, `review`, `done`: the statuses wanted at each stage, best first.
 *
 * Without a name nothing is moved to done, nor between. `labels`: stage → the one label that the ticket then carries.
 * `fields`: what is given to a transition's screen that asks for it, by the field's name.
 */
export interface WatchWrites {
  status: boolean;
  comment: boolean;
  transition: boolean;
  link: boolean;
  worklog: boolean;
  doing: string[];
  waiting: string[];
  review: string[];
  done: string[];
  labels: Record<string, string>;
  fields: Record<string, string>;
}

/**
 * Which repository a ticket is about, by its component or its project in the tracker: → the repository's name.
 *
 * `label`: what a label begins with that names one. `field`: the custom field that names one. Empty: not looked at.
 */
export interface WatchRepositories {
  components: Record<string, string>;
  spaces: Record<string, string>;
  label: string;
  field: string;
}

/**
 * Which of the tracker's projects (`spaces`) feed a project of ours. `judge`: a model, where there is one, reads whether a
 * ticket is ready, beside the rules.
 */
export interface WatchView {
  project: string;
  projectName: string;
  spaces: string[];
  query: string;
  triggers: WatchTriggers;
  writes: WatchWrites;
  subtasks: string;
  repositories: WatchRepositories;
  judge: boolean;
  matchesLeft: number;
  polledAt: number | null;
  note: string;
}

export interface TrackerPerson {
  id: string;
  account: string;
  name: string;
  person: string;
  allowed: boolean;
}

export interface TrackerSite {
  id: string;
  name: string;
  url: string;
}

/**
 * The token and the secrets of its webhooks are never sent back. `secrets`: how many are good now, two at the most.
 *
 * With a client of OAuth 2.0: whether somebody signed in, the sites that were opened to us and which one is meant;
 * `hooks_until`: how long the webhooks that we registered live. `back_path` is the callback that the client names.
 */
export interface TrackerView {
  id: string;
  name: string;
  flavour: string;
  baseUrl: string;
  email: string;
  hasToken: boolean;
  account: string;
  hookPath: string;
  secrets: number;
  lastWebhook: number | null;
  waitingReads: number;
  waitingWrites: number;
  failed: number;
  quietUntil: number | null;
  errors: string[];
  clientId: string;
  signedIn: boolean;
  site: string;
  sites: TrackerSite[];
  backPath: string;
  hooksUntil: number | null;
  hooksNote: string;
  watches: WatchView[];
  people: TrackerPerson[];
}

export interface TrackerDelivery {
  id: string;
  at: number;
  event: string;
  issue: string;
  state: string;
  why: string;
}

export interface FoundTicket {
  key: string;
  title: string;
  status: string;
  url: string;
}

/** What a query matches now. `error` is the tracker's own message for a query that it does not understand. */
export interface FoundTickets {
  count: number;
  tickets: FoundTicket[];
  error: string;
}

/** A secret or a code, shown once. */
export interface OneWord {
  word: string;
}

/**
 * `id` empty: a new line. `key` is the ticket that it became; `why` is what the tracker said instead. `origin` model: a
 * model drafted it, and nobody has edited it.
 */
export interface BreakdownLine {
  id: string;
  title: string;
  description: string;
  kind: string;
  key: string;
  why: string;
  origin: "" | "model";
}

/**
 * `version` counts edits: who approves says which one was seen. Without a proposal the state is none.
 *
 * `drafting`: a model is asked for lines; `draft_note` says why none came, `no_draft` why none can be asked.
 */
export interface Breakdown {
  state: "none" | "open" | "approved" | "done" | "declined";
  version: number;
  lines: BreakdownLine[];
  drafting: boolean;
  draftNote: string;
  noDraft: string;
}

/** State and cursors from one read. `timeline` is filled for the view of one run only. */
export interface Snapshot {
  heads: Record<string, number>;
  runs: Run[];
  requests: Request[];
  projects: Project[];
  people: Person[];
  timeline: TimelineEvent[];
}

/**
 * One decision over runs or requests. `key` makes it idempotent: the same key again is the same batch.
 *
 * `head` and `digest` are what the person saw (merge, approve of a review): if they moved, it is refused. `heads` says
 * it for each of many reviews, by the id of the request: one whose head has moved is refused alone.
 */
export interface DecisionBody {
  key: string;
  verb: Verb;
  runs?: string[];
  requests?: string[];
  words?: string;
  mode?: "enqueue" | "interrupt";
  choice?: string;
  plan?: PlanStep[] | null;
  amountMicro?: number | null;
  checkpoint?: string;
  head?: string;
  digest?: string;
  heads?: Record<string, string>;
}

export interface SnoozeBody {
  untilMs: number;
}

export interface DelegateBody {
  person: string;
}

/** Gives tickets to agents. `force` starts what is not ready; an empty dial or model takes the project's. */
export interface AssignBody {
  key: string;
  tickets: string[];
  capMicro?: number | null;
  planDial?: Dial | null;
  model?: string;
  force?: boolean;
  words?: string;
}

export interface TicketBody {
  project: string;
  title: string;
  description?: string;
  kind?: string;
  priority?: "Highest" | "High" | "Medium" | "Low";
  labels?: string[];
}

/** What is None stays as it is. `status` moves the ticket on the board of our own. */
export interface TicketPatch {
  title?: string | null;
  description?: string | null;
  kind?: string | null;
  priority?: "Highest" | "High" | "Medium" | "Low" | null;
  labels?: string[] | null;
  status?: "open" | "done" | null;
}

export interface CommentBody {
  body: string;
}

export interface ProjectBody {
  name: string;
  key: string;
}

/** What opens the repository at its https:// origin. An empty `secret` takes the stored one away. */
export interface RepositoryLogin {
  user?: string;
  secret?: string;
}

/** What is None stays as it is. `place` is given as a whole: what it leaves out is the default again. */
export interface ProjectPatch {
  name?: string | null;
  repository?: Repository | null;
  login?: RepositoryLogin | null;
  dials?: ProjectDials | null;
  place?: PlaceWish | null;
  places?: number | null;
  weight?: number | null;
  dailyMicro?: number | null;
  capMicro?: number | null;
  routes?: Record<string, string> | null;
}

/** What is None stays as it is. `daily_micro` 0 takes the limit away. */
export interface SitePatch {
  places?: number | null;
  dailyMicro?: number | null;
}

/** An empty `priority` takes the ticket's own again; None stays. */
export interface RunPatch {
  priority?: "Highest" | "High" | "Medium" | "Low" | "" | null;
}

export interface ConnectionBody {
  kind?: "model";
  name: string;
  protocol: "openai" | "anthropic";
  baseUrl: string;
  key?: string;
  models?: ModelPrice[];
}

/** What is None stays as it is. An empty `key` takes the stored key away. */
export interface ConnectionPatch {
  name?: string | null;
  baseUrl?: string | null;
  key?: string | null;
  models?: ModelPrice[] | null;
}

/** `roles` maps project id → role, given with the invitation; what is empty gives none. */
export interface InviteBody {
  name: string;
  email: string;
  roles?: Record<string, Role>;
}

export interface RoleBody {
  role: Role;
}

/** `days` until it expires. */
export interface TokenBody {
  name: string;
  days?: number;
}

/**
 * A Jira to connect. `email` is the token's account: Cloud needs it, Data Center does not.
 *
 * With a client of OAuth 2.0 (Cloud) there is no token: a person signs in, and the address follows from the site.
 */
export interface TrackerBody {
  name: string;
  flavour?: "cloud" | "datacenter";
  baseUrl?: string;
  email?: string;
  token?: string;
  clientId?: string;
  clientSecret?: string;
}

/** What is None stays as it is. */
export interface TrackerPatch {
  name?: string | null;
  baseUrl?: string | null;
  email?: string | null;
  token?: string | null;
  clientId?: string | null;
  clientSecret?: string | null;
}

/** Which of the sites that were opened to us. */
export interface SiteBody {
  site: string;
}

/** What a project watches: the tracker's project keys, narrowed by `query`. */
export interface WatchBody {
  connection: string;
  spaces?: string[];
  query?: string;
  triggers?: WatchTriggers;
  writes?: WatchWrites;
  subtasks?: "" | "order" | "parallel";
  repositories?: WatchRepositories;
  judge?: boolean;
}

/** Which version of it was seen. */
export interface SeenBody {
  version: number;
}

export interface BreakdownBody {
  version: number;
  lines?: BreakdownLine[];
}

/** What a person typed, and the tracker's projects (`spaces`) that it narrows. */
export interface QueryBody {
  query: string;
  spaces?: string[];
}

export interface AllowBody {
  allowed: boolean;
}

/** One view to hear of. `run` names it when `view` is run. */
export interface Watch {
  view: "board" | "inbox" | "run";
  run?: string;
}

/** Replaces what this socket watches. `cursors` maps stream → last seq the client holds. */
export interface ViewFrame {
  op: "view";
  views: Watch[];
  cursors?: Record<string, number>;
}

export interface PingFrame {
  op: "ping";
}

/** Replace if `seq` is newer than what is held. */
export interface CardFrame {
  op: "card";
  run: Run;
  seq: number;
}

export interface RequestFrame {
  op: "request";
  request: Request;
}

/** Append if `from` is the next after what is held, else GET what is missing. */
export interface EventsFrame {
  op: "events";
  run: string;
  from: number;
  to: number;
  events: TimelineEvent[];
}

/** Not history: shown, never kept. */
export interface DeltaFrame {
  op: "delta";
  run: string;
  kind: "terminal" | "typing";
  text: string;
}

export interface HeadsFrame {
  op: "heads";
  heads: Record<string, number>;
}

/** Fetch it again. */
export interface ChangedFrame {
  op: "changed";
  what: "ticket" | "project" | "connection" | "member" | "run" | "settings";
  id: string;
}

/** The bounded queue overflowed: take a snapshot. */
export interface ResyncFrame {
  op: "resync";
}

export interface PongFrame {
  op: "pong";
}

export interface RefusedFrame {
  op: "refused";
  text: string;
}
