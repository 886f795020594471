import type { AuditEntry } from '../../../kernel/audit.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { DeletionRule } from '../domain/deletion-rule.ts'
import {
  type DeletionState,
  type DeletionTrigger,
  deletionStatesBefore,
  hidingStates,
  nextDeletionState,
} from '../domain/deletion-state.ts'
import { EventDeletionIsFinal, NoSuchEventDeletion, TooManyEventDeletions } from '../errors.ts'
import type { Who } from './postgres-retention-store.ts'

/** As it goes out. Dates are UTC days, both inclusive. No value of a filter is here. */
export interface EventDeletion {
  readonly id: string
  readonly event: string
  readonly from_date: string
  readonly to_date: string
  readonly filter_properties: readonly string[]
  readonly state: DeletionState
  readonly event_count: number
  readonly requested_by: string
  readonly requested_at: Date
  /** Until then it can be undone. */
  readonly due_at: Date
  readonly finished_at: Date | null
}

/** What the worker needs to know of one. */
export interface DueDeletion {
  readonly id: string
  readonly projectId: number
  readonly state: DeletionState
  readonly cutoff: string
  readonly attemptCount: number
}

export interface NewDeletion {
  readonly id: string
  readonly rule: DeletionRule
  readonly cutoff: string
  readonly nowMs: number
  readonly dueAtMs: number
  /** Of the events of an import (CONN-06), which is none of the ten of a month. */
  readonly importId?: number
}

export interface DeletionStore {
  /** Newest first. */
  list(scope: ProjectScope): Promise<readonly EventDeletion[]>
  /** `hide` runs before the row is there for good: no deletion is known whose events are seen. Throws TooManyEventDeletions. */
  create(scope: ProjectScope, made: NewDeletion, who: Who, hide: () => Promise<number>): Promise<EventDeletion>
  /** PENDING → REVOKED. Throws NoSuchEventDeletion, EventDeletionIsFinal. */
  revoke(scope: ProjectScope, id: string, who: Who): Promise<void>
  /** Those that run, and those whose time to undo is over, in the order of asking. */
  due(regionId: string, nowMs: number): Promise<readonly DueDeletion[]>
  /** False: it was no longer in a state from which `trigger` leads on. */
  move(id: string, trigger: DeletionTrigger, finishedAtMs?: number): Promise<boolean>
  countFailedAttempt(id: string): Promise<void>
  /** Those of the ids whose rule has to hide. */
  hiding(ids: readonly string[]): Promise<ReadonlySet<string>>
}

export interface DeletionStoreDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly countPerMonthMax: number
}

const columns = `id, event, from_date::text, to_date::text, filter_properties, state, event_count::float8 AS event_count,
  requested_by, requested_at, due_at, finished_at`

export const createDeletionStore = ({ control, appendAudit, countPerMonthMax }: DeletionStoreDeps): DeletionStore => ({
  list: ({ projectId }) =>
    control.rows<EventDeletion>(
      `SELECT ${columns} FROM event_deletion WHERE project_id = $1 ORDER BY requested_at DESC, id`,
      [projectId],
    ),

  create: ({ projectId, regionId }, { id, rule, cutoff, nowMs, dueAtMs, importId }, who, hide) =>
    control.tx(async (tx) => {
      // Two that come together are counted one after the other.
      await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
      const month = monthOf(nowMs)
      const [asked] = await tx.rows<{ count: number }>(
        'SELECT count(*)::int AS count FROM event_deletion WHERE project_id = $1 AND requested_at >= $2 AND import_id IS NULL',
        [projectId, new Date(month.startMs)],
      )
      if (importId === undefined && (asked?.count ?? 0) >= countPerMonthMax) {
        throw new TooManyEventDeletions(countPerMonthMax, Math.ceil((month.endMs - nowMs) / 1_000))
      }
      const eventCount = await hide()
      const [made] = await tx.rows<EventDeletion>(
        `INSERT INTO event_deletion (id, project_id, region, event, from_date, to_date, filter_properties, state,
           event_count, requested_by, requested_at, due_at, cutoff, import_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'PENDING', $8, $9, $10, $11, $12, $13) RETURNING ${columns}`,
        [
          id,
          projectId,
          regionId,
          rule.event,
          rule.fromDay,
          rule.toDay,
          rule.filters.map(({ property }) => property),
          eventCount,
          who.actor.name ?? who.actor.type,
          new Date(nowMs),
          new Date(dueAtMs),
          cutoff,
          importId ?? null,
        ],
      )
      await appendAudit(tx, entryOf('event_deletion.created', projectId, id, rule.event, who))
      return made as EventDeletion
    }),

  revoke: ({ projectId }, id, who) =>
    control.tx(async (tx) => {
      if (!/^[0-9a-f-]{36}$/.test(id)) throw new NoSuchEventDeletion()
      const [found] = await tx.rows<{ event: string }>(
        'SELECT event FROM event_deletion WHERE id = $1 AND project_id = $2 FOR UPDATE',
        [id, projectId],
      )
      if (found === undefined) throw new NoSuchEventDeletion()
      if (!(await moveIn(tx, id, 'revoke'))) throw new EventDeletionIsFinal()
      await appendAudit(tx, entryOf('event_deletion.canceled', projectId, id, found.event, who))
    }),

  due: async (regionId, nowMs) => {
    const rows = await control.rows<{
      id: string
      project_id: number
      state: DeletionState
      cutoff: string
      attempt_count: number
    }>(
      `SELECT id, project_id, state, cutoff, attempt_count FROM event_deletion
       WHERE region = $1 AND (state = 'STARTED' OR state = 'PENDING' AND due_at <= $2) ORDER BY requested_at LIMIT 100`,
      [regionId, new Date(nowMs)],
    )
    return rows.map((row) => ({
      id: row.id,
      projectId: row.project_id,
      state: row.state,
      cutoff: row.cutoff,
      attemptCount: row.attempt_count,
    }))
  },

  move: (id, trigger, finishedAtMs) => moveIn(control, id, trigger, finishedAtMs),

  countFailedAttempt: async (id) => {
    await control.rows('UPDATE event_deletion SET attempt_count = attempt_count + 1 WHERE id = $1', [id])
  },

  hiding: async (ids) => {
    const rows = await control.rows<{ id: string }>(
      'SELECT id FROM event_deletion WHERE id = ANY($1::uuid[]) AND state = ANY($2)',
      [ids, hidingStates],
    )
    return new Set(rows.map(({ id }) => id))
  },
})

const moveIn = async (
  tx: ControlTx,
  id: string,
  trigger: DeletionTrigger,
  finishedAtMs: number | null = null,
): Promise<boolean> => {
  const from = deletionStatesBefore(trigger)
  for (const state of from) {
    const moved = await tx.rows(
      'UPDATE event_deletion SET state = $3, finished_at = coalesce($4, finished_at) WHERE id = $1 AND state = $2 RETURNING id',
      [id, state, nextDeletionState[state][trigger], finishedAtMs === null ? null : new Date(finishedAtMs)],
    )
    if (moved.length > 0) return true
  }
  return false
}

/** The calendar month of an instant, in UTC. */
const monthOf = (nowMs: number): { readonly startMs: number; readonly endMs: number } => {
  const now = new Date(nowMs)
  const start = (monthsLater: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsLater, 1)
  return { startMs: start(0), endMs: start(1) }
}

const entryOf = (type: AuditEntry['type'], projectId: number, id: string, event: string, who: Who): AuditEntry => ({
  type,
  ...who,
  projectId,
  target: { type: 'event_deletion', id, name: event },
})
