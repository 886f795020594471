export { type ClassifiedFor, createClassification, refuseClassified } from './create-classification.ts'
export type { ClassifiedProperties } from './store/postgres-classified-store.ts'
