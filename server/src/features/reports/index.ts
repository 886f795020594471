export { createReports, type Reports, type Saved, type SavedCohort, type SavedReports } from './create-reports.ts'
export type {
  BookmarkDefinition,
  InsightsDefinition,
  InsightsMetric,
} from './definitions/bookmark.ts'
export {
  type CohortCondition,
  type CohortDefinition,
  type CohortLeaf,
  leavesOf,
} from './definitions/cohort.ts'
export type { CustomEventDefinition } from './definitions/custom-event.ts'
export type { DataViewDefinition } from './definitions/data-view.ts'
export { type FunnelDefinition, type FunnelStep, windowSeconds } from './definitions/funnel.ts'
export { type Breakdown, customEventId, type DateRange, type EventSelector } from './definitions/parts.ts'
