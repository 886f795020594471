import type { AuditActor, AuditEntry, AuditEventType } from '../../../kernel/audit.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'

export interface Who {
  readonly actor: AuditActor
  readonly organizationId: number
  readonly requestId: string
}

export interface LexiconStoreDeps {
  readonly control: ControlDb
  /** Writes to the audit log inside the given transaction. */
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

/** What a change did, for the audit log: counts. Names of events are in the lexicon alone. */
export interface Done<Result> {
  readonly result: Result
  readonly type: Extract<AuditEventType, `lexicon.${string}`>
  readonly counts: Readonly<Record<string, number>>
}

/**
 * One change of a project's lexicon: changes come one after the other, every server is told, and the audit log has it,
 * all in one transaction. What changed nothing (all counts 0) leaves no trace.
 */
export const changeLexicon = async <Result>(
  { control, appendAudit }: LexiconStoreDeps,
  { projectId }: ProjectScope,
  who: Who,
  work: (tx: ControlTx) => Promise<Done<Result>>,
): Promise<Result> => {
  const { result } = await control.tx(async (tx) => {
    await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
    const done = await work(tx)
    if (Object.values(done.counts).every((count) => count === 0)) return done
    await tx.rows('UPDATE project SET lexicon_version = lexicon_version + 1 WHERE id = $1', [projectId])
    await tx.rows(`SELECT pg_notify('project_changed', '')`)
    await appendAudit(tx, {
      type: done.type,
      ...who,
      projectId,
      target: { type: 'lexicon', id: String(projectId) },
      changes: Object.fromEntries(
        Object.entries(done.counts).map(([name, count]) => [name, { before: null, after: count }]),
      ),
    })
    return done
  })
  control.tellOwnListeners('project_changed')
  return result
}
