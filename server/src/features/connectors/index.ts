export { createBuckets } from './create-buckets.ts'
export { type Connectors, createConnectors } from './create-connectors.ts'
