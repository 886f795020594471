import type { Stores } from './compose-stores.ts'
import type { Config } from './config/config.ts'
import { createDuplicates, type Duplicates } from './features/duplicates/index.ts'
import { errorFields, type Log } from './platform/log.ts'
import { createEventRewriteLock } from './platform/postgres/event-rewrite-lock.ts'

export interface ComposeDuplicatesDeps {
  readonly config: Config
  readonly stores: Stores
  readonly log: Log
}

/** The ledger of duplicates over the engines of all regions that are served here. */
export const composeDuplicates = ({ config, stores, log }: ComposeDuplicatesDeps): Duplicates =>
  createDuplicates({
    control: stores.control,
    regionDbs: stores.regions.map(({ db }) => db),
    whileNoRewrite: createEventRewriteLock(stores.control),
    compactionHours: config.compactionHours,
    onProblem: (regionId, error) => {
      log.warn('the search for duplicates had trouble and goes on', { regionId, ...errorFields(error) })
    },
  })
