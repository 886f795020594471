export { createIngestion, type Ingestion, type IngestionDeps } from './create-ingestion.ts'
export type { IngestSurface, OnOutcome, SuppressionList } from './ports.ts'
