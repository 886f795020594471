export {
  createEventContext,
  eventSource,
  type TimeRange,
  type WantedEvents,
} from './compile/event-source.ts'
export { compileFilter } from './compile/expression.ts'
export type { ExpressionContext } from './compile/expression-context.ts'
export { createProfileContext, profileSource } from './compile/profile-source.ts'
export { compileRowFilter } from './compile/row-filter.ts'
export { type Binder, createBinder, type EventContext } from './compile/sql-context.ts'
export { createQuery, type QueryDeps, type QuerySettings, readViewFacts } from './create-query.ts'
export { parseExpression } from './domain/expression/parse.ts'
export { rangeOfDays } from './domain/time/buckets.ts'
export { rangeDays } from './domain/time/days.ts'
export { optionalText, requiredText } from './http/parameters.ts'
export { type Endpoint, type QueryCall, type QueryRouteDeps, queryRoutes } from './http/query-route.ts'
export type { CustomEvent, Definitions } from './ports.ts'
export { openReadView, type ReadView, type ReadViewFacts } from './read-view.ts'
export { createRun, type Run, type RunDeps, type RunLimits } from './run.ts'
