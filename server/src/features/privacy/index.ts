export { createPrivacy, type Privacy } from './create-privacy.ts'
export { createIdHash } from './store/postgres-task-store.ts'
export { createSuppressionList } from './store/suppression-list.ts'
