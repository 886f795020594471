export { createAudit } from './create-audit.ts'
export { downloadsOf } from './store/downloads-of.ts'
export { appendAudit } from './store/postgres-audit-store.ts'
