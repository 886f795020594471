export { createJql, type JqlSettings } from './create-jql.ts'
