export { createAudit } from './create-audit.ts'
export { appendAudit } from './store/postgres-audit-store.ts'
