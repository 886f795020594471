export { createDuplicates, type Duplicates } from './create-duplicates.ts'
export { createLedgerHolder } from './ledger-holder.ts'
