export { createExport } from './create-export.ts'
export { createPeopleReader } from './store/clickhouse-people-reader.ts'
