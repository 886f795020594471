export { createResidency } from './create-residency.ts'
