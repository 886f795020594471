import { join } from 'node:path'
import type { Config } from './config/config.ts'
import { createWeb, readPages } from './features/web/index.ts'

/** Where `npm run build:web` puts the pages. */
const builtPages = join(import.meta.dirname, '../../web/dist')

/** The web application, as it was built. */
export const composeWeb = ({ regions }: Config) => createWeb({ pages: readPages(builtPages), regions })
