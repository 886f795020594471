export { joinFailures } from './domain/decide-joins.ts'
export { type Join, joiningEvents } from './domain/read-join.ts'
export { resolveAsSent, resolveSimplified } from './domain/resolve-simplified.ts'
export { createClusterStore } from './store/clickhouse-clusters.ts'
export { createHiddenSet } from './store/clickhouse-hidden-set.ts'
export {
  createJoinStore,
  type JoinStore,
  type PrepareProfileMerges,
  type ProfileMerge,
} from './store/clickhouse-join-store.ts'
export { createLinkStore, type LinkStore } from './store/clickhouse-link-store.ts'
export { daysOfHistory } from './store/days-of-history.ts'
export { createEventRewriter, type DoomedEvents, type EventRewriter } from './store/event-rewriter.ts'
export { duplicatesParams, eventRowsSql, type KnownDuplicates } from './store/event-rows-sql.ts'
export { hasPeople } from './store/has-people.ts'
export {
  type IdentityRows,
  isSomebodysSql,
  linkedEventsSql,
  personKeySql,
  personSql,
  rowsOfPeopleSql,
  unlinkedEventsSql,
} from './store/identity-facts.ts'
export { expiredEventSql, meantByDeletionSql } from './store/lifecycle-sql.ts'
export { lockLinks } from './store/link-lock.ts'
export { type LiveEvents, liveEventsSql } from './store/live-events.ts'
export { canonicalIds, hiddenIdsSql, membershipsSql, visibleMembersSql } from './store/people-list-sql.ts'
export { createPeopleTableHolder } from './store/people-table-holder.ts'
export { createProjectFacts } from './store/project-facts.ts'
export {
  eventLineSql,
  lineSettings,
  visibleEventsSql,
  visibleProfilesSql,
} from './store/read-sql.ts'
