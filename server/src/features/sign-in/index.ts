export { createSignIn } from './create-sign-in.ts'
export { mustHaveSecondFactor } from './store/postgres-requirement-store.ts'
