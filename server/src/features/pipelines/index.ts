export { createPipelines, type Pipelines } from './create-pipelines.ts'
