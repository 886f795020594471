import { randomUUID } from 'node:crypto'
import type { Received } from '../../http/route.ts'
import type { FindPlace } from '../../kernel/geo-place.ts'
import { hmacSha256Hex } from '../../kernel/hash.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { Clock } from '../../kernel/time.ts'
import {
  type JoinStore,
  joinFailures,
  joiningEvents,
  type LinkStore,
  resolveAsSent,
  resolveSimplified,
} from '../identity/index.ts'
import { type AcceptedEvent, acceptEvent, type EventOutcome, serverPropertiesText } from './domain/accept-event.ts'
import type { SentRecord } from './domain/decode-records.ts'
import type { Link, Step, StepContext } from './domain/event-draft.ts'
import { createPlaceOf } from './domain/where-from.ts'
import type { HotIds } from './hot-ids.ts'
import type { DataDoor, SuppressionList, Tally } from './ports.ts'
import { noSignals, signalsOf } from './privacy-signals.ts'
import type { GroupCommitter } from './store/group-committer.ts'
import { createRowBlockWriter, type RowBlock, rowBlockOf } from './store/row-block.ts'

/** What a region takes rows by. */
export interface RegionWriter {
  readonly events: GroupCommitter
  readonly links: LinkStore
  readonly joins: JoinStore
}

export interface EventIntakeDeps {
  readonly clock: Clock
  readonly suppression: SuppressionList
  /** Keys the ids that are made from client addresses. */
  readonly anonymousIdKey: Buffer | string
  /** Null: there is no geo database. */
  readonly findPlace: FindPlace | null
  /** Null: no id is ever hot. */
  readonly hotIds: HotIds | null
  readonly writerOf: (regionId: string) => RegionWriter
}

export interface IntakeOptions {
  readonly scope: ProjectScope
  readonly project: Project
  readonly request: Received
  readonly isImport: boolean
  /** As in query or form; says whether the client's address may tell the place (ingestion §9). */
  readonly ipParam: string | undefined
  /** Whether an event without any id gets one from the client's address (identity §8). */
  readonly hasAnonymousIds: boolean
  /** The rules of the project; null: it has none. */
  readonly door: DataDoor | null
  readonly tally: Tally
}

/** The events of one project in one request: taken one by one, stored together. */
export interface EventIntake {
  take(steps: readonly Step[], record: SentRecord): EventOutcome | Promise<EventOutcome>
  /** Resolves when every accepted event is durable, its link before it (invariant 4). */
  store(): Promise<void>
}

export const createEventIntake = (deps: EventIntakeDeps, options: IntakeOptions): EventIntake => {
  const { scope, project, tally } = options
  const context = stepContext(deps, options)
  // Neither the address nor the place of a sender who is not to be known.
  const nobodysContext: StepContext = { ...context, anonymousId: null, placeOf: null, joiningEvents: new Map() }
  const signals = options.isImport ? noSignals : signalsOf(options.request)
  // A row names its columns and what the server adds: rather more than twice what came in.
  const rows = createRowBlockWriter(options.request.body.length * rowGrowth)
  const links: Link[] = []
  const joining: Joining[] = []

  const keep = (outcome: EventOutcome, isAnonymous = false): EventOutcome => {
    tally.add(outcome.kind, outcome.kind === 'accept' ? (isAnonymous ? 'anonymised' : '') : outcome.reason)
    if (outcome.kind === 'accept') {
      const { row, join } = outcome.value
      if (join === null) rows.add(row)
      else joining.push({ row, join })
      if (outcome.value.hotRecordRow !== null) rows.add(outcome.value.hotRecordRow)
      if (outcome.value.link !== null) links.push(outcome.value.link)
    }
    return outcome
  }
  const keepUnless = (outcome: EventOutcome, suppressed: boolean, isAnonymous: boolean): EventOutcome =>
    keep(suppressed ? { kind: 'drop', reason: 'suppressed' } : outcome, isAnonymous)

  return {
    take: (steps, sent) => {
      const ruled = options.door?.event(sent, signals)
      if (ruled?.kind === 'drop') return keep(ruled)
      const isAnonymous = ruled?.isAnonymous === true
      const outcome = acceptEvent(
        steps,
        ruled === undefined ? sent : ruled.record,
        isAnonymous ? nobodysContext : context,
      )
      if (outcome.kind !== 'accept') return keep(outcome)
      // PRIV-31: who asked not to come back does not, not as nobody either.
      const asSent = isAnonymous ? acceptEvent(steps, sent, { ...context, hotness: null }) : outcome
      if (asSent.kind !== 'accept') return keep(outcome, isAnonymous)
      const suppressed = isSuppressed(deps.suppression, project, asSent.value)
      return typeof suppressed === 'boolean'
        ? keepUnless(outcome, suppressed, isAnonymous)
        : suppressed.then((answer) => keepUnless(outcome, answer, isAnonymous))
    },
    store: async () => {
      const writer = deps.writerOf(scope.regionId)
      if (joining.length > 0) return storeJoining(writer, options, joining, rows.end())
      const linked = links.length === 0 ? undefined : writer.links.record(scope, project.erasureEpoch, links)
      await writer.events.commit(rows.end(), linked)
    },
  }
}

const rowGrowth = 2.5

/** An event whose row says how its join went, and so waits for that. */
interface Joining {
  readonly row: string
  readonly join: NonNullable<AcceptedEvent['join']>
}

/**
 * The other events of the request wait too, counted by the committer: those under a new alias belong to its original,
 * and that goes by when they are stored (identity §5). Modes with joins have no links by device.
 */
const storeJoining = async (
  { joins, events }: RegionWriter,
  { scope, project }: IntakeOptions,
  joining: readonly Joining[],
  others: RowBlock,
): Promise<void> => {
  const asked = joining.map(({ join: { kind, from, to } }) => ({ kind, from, to }))
  const heldBytes = joining.reduce((sum, { row }) => sum + row.length, 0)
  const decided = joins.decide(scope, project, asked, heldBytes)
  const told = decided.then((failures) => events.commit(rowBlockOf(rowsAfter(joining, failures))))
  await Promise.all([
    told,
    events.commit(
      others,
      decided.then(() => undefined),
    ),
  ])
}

const rowsAfter = (
  joining: readonly Joining[],
  failures: Awaited<ReturnType<JoinStore['decide']>>,
): readonly string[] =>
  joining.map(({ row, join }, at) => {
    const reason = failures[at] ?? null
    return reason === null ? row : join.failedRow({ reason, description: joinFailures[reason] })
  })

const stepContext = (
  deps: EventIntakeDeps,
  { project, request, isImport, ipParam, hasAnonymousIds }: IntakeOptions,
): StepContext => {
  const nowMs = deps.clock.nowMs()
  const { hotIds } = deps
  let anonymousId: string | null = null
  const makeAnonymousId = (): string => {
    // The address itself is never stored; the same visitor gets another id in every project.
    anonymousId ??= hmacSha256Hex(deps.anonymousIdKey, `${project.id}/${request.clientIp}`).slice(0, 32)
    return anonymousId
  }
  return {
    projectId: project.id,
    nowMs,
    serverPropertiesText: serverPropertiesText(request.host, request.receivedAtMs, nowMs, isImport),
    resolveIds: project.identityMode === 'simplified' ? resolveSimplified : resolveAsSent,
    joiningEvents: joiningEvents[project.identityMode],
    anonymousId: hasAnonymousIds ? makeAnonymousId : null,
    newInsertId: randomUUID,
    placeOf: createPlaceOf(deps.findPlace, isImport ? 'import' : 'track', ipParam, request.clientIp),
    hotness: hotIds === null ? null : (distinctId, timeMs) => hotIds.count(project.id, distinctId, timeMs),
  }
}

/** Whether any id that the event names is on the list. */
const isSuppressed = (
  list: SuppressionList,
  project: Project,
  { distinctId, deviceId, join }: AcceptedEvent,
): boolean | Promise<boolean> => {
  const answers = [list.isSuppressed(project, distinctId)]
  const deviceDistinctId = deviceId === null ? distinctId : `$device:${deviceId}`
  if (deviceDistinctId !== distinctId) answers.push(list.isSuppressed(project, deviceDistinctId))
  if (join !== null) answers.push(list.isSuppressed(project, join.from), list.isSuppressed(project, join.to))
  if (answers.includes(true)) return true
  return answers.every((answer) => answer === false) ? false : Promise.all(answers).then((all) => all.includes(true))
}
