export { createReports, type Reports, type SavedCohort, type SavedReports } from './create-reports.ts'
export type { BookmarkDefinition } from './definitions/bookmark.ts'
export type { CohortCondition, CohortLeaf } from './definitions/cohort.ts'
export type { CustomPropertyDefinition } from './definitions/custom-property.ts'
export { type FunnelDefinition, type FunnelStep, windowSeconds } from './definitions/funnel.ts'
export {
  type AttributionDefinition,
  type EventMetric,
  type InsightsBreakdown,
  type InsightsDefinition,
  type InsightsMetric,
  type ProfileMetric,
  timeCharts,
} from './definitions/insights.ts'
export { type Breakdown, customEventId, customPropertyId } from './definitions/parts.ts'
export type { SessionSettings } from './definitions/session-settings.ts'
export { maySeeCohort } from './who-sees.ts'
