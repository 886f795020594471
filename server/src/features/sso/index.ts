export { createSso } from './create-sso.ts'
export { nodeTxtRecords } from './store/node-txt-records.ts'
export { scimOrganizationOf } from './store/postgres-scim-store.ts'
export { requiredSignInOf } from './store/postgres-sso-store.ts'
