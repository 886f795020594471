export { type Connectors, createConnectors } from './create-connectors.ts'
