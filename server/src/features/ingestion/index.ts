export { createIngestion, type Ingestion } from './create-ingestion.ts'
