import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../../kernel/errors.ts'
import type { PersonalDataHolder } from '../../../kernel/subject.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { Hidden, RetiredParts } from '../domain/ports.ts'
import type { RunningBatch } from './batch.ts'
import type { Findings, Gate } from './gate.ts'

export interface EraseDeps {
  readonly db: RegionDb
  readonly hidden: Hidden
  /** Table holders, in no order; `eraseAfter` orders them. */
  readonly holders: readonly PersonalDataHolder[]
  readonly requestObjects: PersonalDataHolder
  readonly retireParts: (table: string) => Promise<RetiredParts>
  readonly gate: Gate
  /** How long old parts may take to leave the disk: queries that still read them hold them back. */
  readonly fileWaitMs: number
  readonly nowMs: () => number
}

/** The gate stayed shut: something of the people is still there, or it cannot be said that it is not. */
export class ErasureIncomplete extends AppError {
  readonly findings: Findings
  constructor(findings: Findings, cause?: unknown) {
    super('INTERNAL', findings.join('; '), { status: 500, expose: false, cause })
    this.findings = findings
  }
}

export interface ErasedBatch {
  readonly retiredPartCount: number
  readonly durationsMs: Readonly<Record<string, number>>
}

const fileLookIntervalMs = 250
const insertWaitMs = 120_000

/** Leaves first: a holder comes after all those it names. Throws on a circle: that is our mistake. */
export const inEraseOrder = (holders: readonly PersonalDataHolder[]): readonly PersonalDataHolder[] => {
  const ordered: PersonalDataHolder[] = []
  const done = new Set<string>()
  while (ordered.length < holders.length) {
    const ready = holders.filter((h) => !done.has(h.name) && h.eraseAfter.every((name) => done.has(name)))
    if (ready.length === 0) throw new Error('holders wait for each other')
    for (const holder of ready) {
      ordered.push(holder)
      done.add(holder.name)
    }
  }
  return ordered
}

/**
 * ADR 0005: rows get their time from the engine while the INSERT runs, so a row from before the cutoff can still be on
 * its way. None is once the cutoff has passed, and no INSERT that began before it is running.
 */
export const waitForEarlierInserts = async (db: RegionDb, cutoff: string, nowMs: () => number): Promise<void> => {
  const giveUpAtMs = nowMs() + insertWaitMs
  for (;;) {
    const [row] = await db.rows<{ running: string }>(
      `SELECT count() + (now64(6, 'UTC') <= {cutoff:DateTime64(6, 'UTC')}) AS running FROM system.processes WHERE query_kind = 'Insert'
         AND now64(6, 'UTC') - toIntervalMicrosecond(toInt64(elapsed * 1e6)) <= {cutoff:DateTime64(6, 'UTC')}`,
      { params: { cutoff } },
    )
    if (Number(row?.running ?? 1) === 0) return
    if (nowMs() > giveUpAtMs) throw new ErasureIncomplete(['an insert from before the cutoff is still running'])
    await sleep(50)
  }
}

/** Says which step did not end, and nothing of the error, which may hold values: unknown is not zero. */
export const named = (step: string, error: unknown): unknown => {
  const isKnown = error instanceof ErasureIncomplete || (error instanceof AppError && error.retryable)
  return isKnown ? error : new ErasureIncomplete([`step ${step} did not end`], error)
}

/** Throws unless there are no findings. */
export const refuse = (findings: Findings): void => {
  if (findings.length > 0) throw new ErasureIncomplete(findings)
}

/**
 * STARTED: every holder erases, retired parts leave the disk, then the independent reader looks (DESIGN §7).
 * Resolves only when it found nothing. Can run again from the start at any time; what is gone costs nothing twice.
 */
export const eraseBatch = async (deps: EraseDeps, batch: RunningBatch): Promise<ErasedBatch> => {
  const durationsMs: Record<string, number> = {}
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const startedAtMs = deps.nowMs()
    const result = await work().catch((error: unknown) => {
      throw named(name, error)
    })
    durationsMs[name] = deps.nowMs() - startedAtMs
    return result
  }

  await timed('earlier_inserts', () => waitForEarlierInserts(deps.db, batch.cutoff, deps.nowMs))
  refuse(await timed('check_clusters', () => deps.gate.openClusters(batch)))
  for (const holder of inEraseOrder(deps.holders)) {
    await timed(`erase_${holder.name.replaceAll(' ', '_')}`, () => holder.erase(batch))
  }
  const erasedAt = await deps.hidden.engineNow()
  refuse(await timed('check_rows', () => deps.gate.rows(batch)))
  const retiredPartCount = await timed('retire_parts', () => retireUntilGone(deps, erasedAt))
  return { retiredPartCount, durationsMs }
}

/**
 * Retires parts until the reader of the disk finds none from before `erasedAt`; merges retire more while we look. Of all
 * tables, because it looks at all: those of tables that name nobody would keep the gate shut just as well.
 * Throws what it found last when `fileWaitMs` is over.
 */
export const retireUntilGone = async (
  deps: Pick<EraseDeps, 'retireParts' | 'gate' | 'fileWaitMs' | 'nowMs'>,
  erasedAt: string,
): Promise<number> => {
  const giveUpAtMs = deps.nowMs() + deps.fileWaitMs
  let retiredPartCount = 0
  for (;;) {
    for (const table of await deps.gate.tables()) {
      retiredPartCount += (await deps.retireParts(table)).retiredPartCount
    }
    const findings = await deps.gate.files(erasedAt)
    if (findings.length === 0) return retiredPartCount
    if (deps.nowMs() >= giveUpAtMs) throw new ErasureIncomplete(findings)
    await sleep(fileLookIntervalMs)
  }
}
