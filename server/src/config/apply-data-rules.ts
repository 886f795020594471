import type { ControlTx } from '../platform/postgres/control-db.ts'
import type { Provision, ProvisionedOrganization } from './provision.ts'

/** What the file says of data rules is for their slice to read. */
export interface DataRulesProvision {
  faultsOf(sent: unknown): readonly string[]
  /** True when the project had other rules before. */
  apply(tx: ControlTx, projectId: number, sent: unknown): Promise<boolean>
}

export const dataRulesFaults = ({ organizations }: Provision, rules: DataRulesProvision): readonly string[] =>
  organizations.flatMap(({ projects }) =>
    projects.flatMap(({ id, data_rules: sent }) =>
      sent === undefined ? [] : rules.faultsOf(sent).map((fault) => `data_rules of project ${id}: ${fault}`),
    ),
  )

/** Rules of a project that the file does not name stay; those that it names are the ones of the file after each start. */
export const applyDataRules = async (
  { tx, dataRules, count }: { tx: ControlTx; dataRules: DataRulesProvision; count: { changed: number } },
  { id, data_rules: sent }: ProvisionedOrganization['projects'][number],
): Promise<void> => {
  if (sent !== undefined && (await dataRules.apply(tx, id, sent))) count.changed += 1
}
