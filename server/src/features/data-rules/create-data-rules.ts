import type { Route } from '../../http/route.ts'
import { hmacSha256Hex } from '../../kernel/hash.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { dataRulesRoutes } from './routes.ts'
import { readRules } from './rules-schema.ts'
import { type AppendAudit, changeRules, findRules, replaceRules } from './store/postgres-data-rules-store.ts'
import { createRulesCache, type FindBlocked, type RulesCache } from './store/rules-cache.ts'

export interface DataRulesDeps {
  readonly control: ControlDb
  /** Writes to the audit log inside the given transaction. */
  readonly appendAudit: AppendAudit
  /** Secret of the installation: keys the hashes of property values, by project. */
  readonly hashKey: Buffer | string
  /** What the lexicon of a project keeps out (LEX-07). */
  readonly findBlocked: FindBlocked
}

/** What a project wants done to its data at the door (privacy §6). */
export interface DataRulesSlice extends RulesCache {
  readonly routes: readonly Route[]
}

export const createDataRules = ({ control, appendAudit, hashKey, findBlocked }: DataRulesDeps): DataRulesSlice => ({
  ...createRulesCache(control, findBlocked, (projectId) => {
    const key = hmacSha256Hex(hashKey, String(projectId))
    // 128 bits: no two values of a project meet by chance.
    return (text) => hmacSha256Hex(key, text).slice(0, 32)
  }),
  routes: dataRulesRoutes({
    find: ({ projectId }) => findRules(control, projectId),
    change: (wanted) => changeRules(control, appendAudit, wanted),
  }),
})

/** What is wrong with `data_rules` of the provisioning file. */
export const faultsOfRules = (sent: unknown): readonly string[] => readRules(sent).faults

/** Makes them the rules of the project; true when they were others. What has faults is refused before. */
export const provisionRules =
  (appendAudit: AppendAudit) =>
  async (tx: ControlTx, projectId: number, sent: unknown): Promise<boolean> => {
    const { value: rules, faults } = readRules(sent)
    if (rules === null) throw new Error(`data rules with faults: ${faults.length}`)
    const actor = { type: 'system', id: null, name: 'provisioning' } as const
    return (await replaceRules(tx, appendAudit, { projectId, rules, version: null, who: { actor } })) !== null
  }
