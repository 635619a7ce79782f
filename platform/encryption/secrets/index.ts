/** Secrets of the product itself: sealed in the database, written and never shown, read by the part that uses one. */
export { openProductSecrets, type ProductSecrets } from './product-secrets.ts'
export { secretRoutes } from './routes.ts'
