export { createDataLifecycle, type DataLifecycle } from './create-data-lifecycle.ts'
