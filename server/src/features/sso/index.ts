export { createSso } from './create-sso.ts'
export { nodeTxtRecords } from './store/node-txt-records.ts'
export { requiredSignInOf } from './store/postgres-sso-store.ts'
