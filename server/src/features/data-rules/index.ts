export { createDataRules, faultsOfRules, provisionRules } from './create-data-rules.ts'
