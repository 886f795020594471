export { resolveAsSent, resolveSimplified } from './domain/resolve-simplified.ts'
export { createClusterStore } from './store/clickhouse-clusters.ts'
export { createHiddenSet } from './store/clickhouse-hidden-set.ts'
export { createLinkStore, type LinkStore } from './store/clickhouse-link-store.ts'
export { daysOfHistory } from './store/days-of-history.ts'
export { duplicatesParams, eventRowsSql, type KnownDuplicates } from './store/event-rows-sql.ts'
export { hasIdentityRows, unlinkedEventsSql, unlinkedIdSql } from './store/identity-facts.ts'
export { canonicalIds, hiddenIdsSql, visibleMembersSql } from './store/people-list-sql.ts'
export { createPeopleTableHolder } from './store/people-table-holder.ts'
export {
  canonicalIdSql,
  eventLineSql,
  lineSettings,
  visibleEventsSql,
  visibleProfilesSql,
} from './store/read-sql.ts'
