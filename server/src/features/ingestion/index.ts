export { createIngestion, type Ingestion, type IngestionDeps } from './create-ingestion.ts'
export type { RowDoor } from './row-door.ts'
