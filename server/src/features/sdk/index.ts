export { createSdk } from './create-sdk.ts'
