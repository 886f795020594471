import type { PersonalDataHolder } from '../../kernel/subject.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { createPeopleTableHolder } from '../identity/index.ts'
import { createLedgerStore } from './store/clickhouse-ledger.ts'

/**
 * The ledger's keys name people. They go after the events: then a look that begins later finds no key of theirs, and
 * the looks that began earlier have ended before the rewrite. No hidden set is needed for it.
 */
export const createLedgerHolder = (regionDb: (regionId: string) => RegionDb): PersonalDataHolder => {
  const table = createPeopleTableHolder(
    {
      name: 'ledger of duplicates',
      table: 'duplicate_event',
      idColumns: ['distinct_id'],
      arrivedColumn: 'ingested_at',
      eraseAfter: ['events'],
    },
    regionDb,
  )
  return {
    ...table,
    erase: async (batch) => {
      await createLedgerStore(regionDb(batch.regionId)).settled()
      await table.erase(batch)
    },
  }
}
