export { createAccess } from './create-access.ts'
export { oneYearAfter } from './domain/gdpr-token.ts'
