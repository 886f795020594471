export { createGroups } from './create-groups.ts'
export { findGroupKey } from './store/postgres-group-key-store.ts'
