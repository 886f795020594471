export { createResidency, type ResidencyDeps } from './create-residency.ts'
