export { createLedger, type Ledger } from './ledger.ts'
export { createLedgerHolder } from './ledger-holder.ts'
export { createLedgerStore } from './store/clickhouse-ledger.ts'
