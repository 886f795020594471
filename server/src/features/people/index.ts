export { createPeople, type PeopleDeps } from './create-people.ts'
