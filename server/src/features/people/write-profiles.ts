import type { JsonValue } from '../../kernel/json.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { checkUpdate, type ProfileStore, type ProfileUpdate } from '../profiles/index.ts'
import type { ProfileRules, Suppressed } from './ports.ts'

export interface WriteDeps {
  readonly storeOf: (regionId: string) => ProfileStore
  readonly suppressed: Suppressed
  readonly rules: ProfileRules
}

/** A record of `/engage` without its token. */
export type ProfileRecord = { readonly $distinct_id: string; readonly [operation: string]: JsonValue }

export type Writable =
  | { readonly kind: 'accept'; readonly update: ProfileUpdate }
  | { readonly kind: 'refuse'; readonly why: 'suppressed' | 'rules' | 'invalid'; readonly message: string }

const noSignals = { gpc: false, dnt: false }
const refuse = (why: 'suppressed' | 'rules' | 'invalid', message: string): Writable => ({
  kind: 'refuse',
  why,
  message,
})

/** What a member writes passes the same door as what a client sends: suppression, rules, the checks of `/engage`. */
export const writableOf = async (
  { suppressed, rules }: WriteDeps,
  project: Project,
  record: ProfileRecord,
  nowMs: number,
): Promise<Writable> => {
  if (await suppressed.isSuppressed(project, record.$distinct_id)) {
    return refuse('suppressed', 'this distinct_id was erased, and nothing of it is stored any more')
  }
  const door = await rules.doorOf(project)
  const ruled = door === null ? { kind: 'pass' as const, record } : door.update(record, noSignals)
  if (ruled.kind === 'drop') return refuse('rules', 'the consent policy of the project keeps this out')
  const checked = checkUpdate(ruled.record, nowMs)
  return checked.kind === 'reject' ? refuse('invalid', checked.message) : { kind: 'accept', update: checked.value }
}

/** Resolves when they are durable, with the messages of those that were refused by position. */
export const applyUpdates = async (
  { storeOf }: WriteDeps,
  scope: ProjectScope,
  { identityMode }: Pick<Project, 'identityMode'>,
  updates: readonly ProfileUpdate[],
): Promise<readonly (string | null)[]> => {
  // In simplified mode only a device may belong to somebody else (identity §3.2).
  const resolvesIds = identityMode !== 'simplified' || updates.some(({ id }) => id.startsWith('$device:'))
  const outcomes = await storeOf(scope.regionId).apply(scope, updates, resolvesIds)
  return outcomes.map((outcome) => (outcome.kind === 'accept' ? null : outcome.message))
}
