export { type Classification, type ClassifiedFor, createClassification } from './create-classification.ts'
