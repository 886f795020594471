export { createJql } from './create-jql.ts'
