export { createLookupTables } from './create-lookup-tables.ts'
