export { createIngestion, type Ingestion, type IngestionDeps } from './create-ingestion.ts'
