export { createWeb } from './create-web.ts'
export { readPages } from './store/read-pages.ts'
