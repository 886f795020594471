export { type ClassifiedFor, createClassification } from './create-classification.ts'
